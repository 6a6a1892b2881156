/** Draws what nobody sees once the browser has nothing else to do, one after the other. */

type Draw = () => void;

const waiting = new Set<Draw>();
let isAsked = false;

/** Within so many milliseconds all of it is drawn, whatever else goes on. */
const PATIENCE = 500;

function ask(): void {
  if (isAsked || waiting.size === 0) return;
  isAsked = true;
  const next = (deadline?: IdleDeadline) => {
    isAsked = false;
    try {
      for (const draw of [...waiting]) {
        drawNow(draw);
        if (deadline?.didTimeout !== true && (deadline?.timeRemaining() ?? 0) <= 0) break;
      }
    } finally {
      ask();
    }
  };
  // Safari has no such call.
  if ('requestIdleCallback' in window) requestIdleCallback(next, { timeout: PATIENCE });
  else setTimeout(next, 16);
}

/** Until the browser has nothing else to do, at most so many milliseconds. */
export function idle(patience: number): Promise<void> {
  return new Promise((resolve) => {
    // Safari has no such call.
    if ('requestIdleCallback' in window) requestIdleCallback(() => resolve(), { timeout: patience });
    else setTimeout(resolve, 16);
  });
}

/** Draws all that waits: for a picture of it, or for paper. */
export function drawAll(): void {
  for (const draw of [...waiting]) drawNow(draw);
}

window.addEventListener('beforeprint', drawAll);

export function drawLater(draw: Draw): void {
  waiting.add(draw);
  ask();
}

export function drawNow(draw: Draw): void {
  waiting.delete(draw);
  draw();
}

export function isWaiting(draw: Draw): boolean {
  return waiting.has(draw);
}

/** It is not wanted any more. */
export function forget(draw: Draw): void {
  waiting.delete(draw);
}

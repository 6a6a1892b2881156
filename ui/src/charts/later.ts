/** Draws what nobody sees once the browser has nothing else to do, one after the other. */

type Draw = () => void;

const waiting = new Set<Draw>();
let isAsked = false;

/** Within so many milliseconds it is drawn, whatever else goes on. */
const PATIENCE = 500;

function ask(): void {
  if (isAsked || waiting.size === 0) return;
  isAsked = true;
  const next = () => {
    isAsked = false;
    const [draw] = waiting;
    if (draw !== undefined) drawNow(draw);
    ask();
  };
  // Safari has no such call.
  if ('requestIdleCallback' in window) requestIdleCallback(next, { timeout: PATIENCE });
  else setTimeout(next, 16);
}

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

/** The tokens as colours that a canvas understands. */

const OUTCOMES: Record<string, string> = { resolved: '--resolved', escalated: '--escalated', abandoned: '--abandoned', none: '--none' };

const dark = matchMedia('(prefers-color-scheme: dark)');
/** Tokens that were looked up, by scheme: to look one up makes the browser work out the styles of the whole page. */
const known = new Map<string, string>();

/** What a token is in the scheme that is shown. */
export function token(name: string): string {
  const key = `${document.documentElement.dataset.theme ?? ''} ${dark.matches} ${name}`;
  const found = known.get(key) ?? lookedUp(name);
  known.set(key, found);
  return found;
}

function lookedUp(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** The colour of a series: of its outcome where it is one, else by its place. */
export function seriesColour(id: string, place: number): string {
  return token(OUTCOMES[id] ?? `--data-${(place % 8) + 1}`);
}

/** The lines of a stretch that is not yet judged. */
export function hatching(): { image: HTMLCanvasElement; repeat: 'repeat' } {
  const image = document.createElement('canvas');
  image.width = 8;
  image.height = 8;
  const context = image.getContext('2d');
  if (context !== null) {
    context.strokeStyle = token('--edge');
    context.globalAlpha = 0.45;
    context.lineWidth = 1;
    for (const [x, y] of [
      [-2, 2],
      [-2, 10],
      [2, 14],
    ] as const) {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + 12, y - 12);
      context.stroke();
    }
  }
  return { image, repeat: 'repeat' };
}

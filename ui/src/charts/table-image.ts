/** A table as a picture: drawn anew, because a browser gives no picture of its own elements. */
import { token } from './colours';
import { saveImage } from './save';

const LINE = 26;
const GAP = 14;
const MARGIN = 16;
/** A picture of more rows helps nobody; the data has them all. */
const MOST = 300;
/** The widest column, in pixels. */
const WIDEST = 360;

/** What a table of a page says, row by row; the first line of each cell. */
export function saidBy(table: HTMLTableElement): string[][] {
  return [...table.rows].filter((row) => row.getAttribute('aria-hidden') !== 'true').map((row) => [...row.cells].map((cell) => cell.innerText.split('\n')[0]?.trim() ?? ''));
}

/** Whether a text is an amount, which stands at the right. */
function isAmount(text: string): boolean {
  return /^[\s\p{Sc}+\-−–±]*\d/u.test(text);
}

function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 0 && context.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return `${text.slice(0, end)}…`;
}

export function saveTableImage(title: string, rows: string[][]): void {
  const shown = rows.slice(0, MOST + 1);
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  const [head] = shown;
  if (context === null || head === undefined) return;
  const family = getComputedStyle(document.body).fontFamily;
  const plain = `13px ${family}`;
  const strong = `600 13px ${family}`;
  context.font = strong;
  const widths = head.map((_, place) => Math.min(WIDEST, Math.max(...shown.map((row) => context.measureText(row[place] ?? '').width))));
  const atRight = head.map((_, place) => place > 0 && shown.slice(1).every((row) => (row[place] ?? '') === '' || isAmount(row[place] ?? '')));
  const width = Math.max(widths.reduce((sum, one) => sum + one + GAP, 2 * MARGIN), context.measureText(title).width + 2 * MARGIN);
  const height = 2 * MARGIN + 30 + shown.length * LINE;
  // Twice as many points as pixels, for sharp letters.
  canvas.width = Math.ceil(width * 2);
  canvas.height = Math.ceil(height * 2);
  context.scale(2, 2);
  context.fillStyle = token('--surface');
  context.fillRect(0, 0, width, height);
  context.textBaseline = 'middle';
  context.fillStyle = token('--ink');
  context.font = `650 15px ${family}`;
  context.fillText(title, MARGIN, MARGIN + 10);
  shown.forEach((row, position) => {
    const y = MARGIN + 30 + position * LINE + LINE / 2;
    context.font = position === 0 ? strong : plain;
    context.fillStyle = token(position === 0 ? '--soft' : '--ink');
    let x = MARGIN;
    widths.forEach((wide, place) => {
      const text = fitted(context, row[place] ?? '', wide);
      context.textAlign = atRight[place] === true ? 'right' : 'left';
      context.fillText(text, atRight[place] === true ? x + wide : x, y);
      x += wide + GAP;
    });
    context.fillStyle = token('--line');
    context.fillRect(MARGIN, y + LINE / 2 - 1, width - 2 * MARGIN, 1);
  });
  saveImage(title, canvas.toDataURL('image/png'));
}

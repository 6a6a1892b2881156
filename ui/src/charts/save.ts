/** Saves what a chart or table shows. */

/** Rows of a file, the names of the columns first. */
export type Cells = (string | number | null)[][];

function save(content: Blob | string, name: string): void {
  const address = typeof content === 'string' ? content : URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  if (typeof content !== 'string') URL.revokeObjectURL(address);
}

/** A cell of CSV. A text that a spreadsheet would take for a formula is told apart by an apostrophe. */
function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(rows: Cells): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

export function saveCsv(title: string, rows: Cells): void {
  save(new Blob([csv(rows)], { type: 'text/csv;charset=utf-8' }), `${fileName(title)}.csv`);
}

export function saveImage(title: string, address: string): void {
  save(address, `${fileName(title)}.png`);
}

function fileName(title: string): string {
  return `upshot-${title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-')}`;
}

/** Addresses as people read them: `?range=28d&filter=engaged`, no JSON. */

export function parseSearch(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = found[name];
    if (before === undefined) found[name] = value;
    else found[name] = [before, value].flat();
  }
  return found;
}

export function writeSearch(search: Record<string, unknown>): string {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of [value].flat()) {
      if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean') all.append(name, String(one));
    }
  }
  const text = all.toString();
  return text === '' ? '' : `?${text}`;
}

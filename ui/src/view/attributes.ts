/** Which attributes of the customers' own a view names. */

/** In filters and dimensions, as the filter language writes them. */
const NAMED = /(?<![\w.])attribute\.([^\s()=!<>,"']+)/g;

/** The attributes that addresses of the app name, as dimensions or in filters. */
export function attributesOf(addresses: readonly string[]): string[] {
  const found = new Set<string>();
  for (const address of addresses) {
    const parameters = new URL(address, 'http://localhost').searchParams;
    for (const value of parameters.values()) {
      // What stands between quotes is a value, not a name.
      for (const [, name] of value.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, '""').matchAll(NAMED)) {
        if (name !== undefined) found.add(name);
      }
    }
  }
  return [...found].sort();
}

/** What a range is called: in words where it is one of the choices, else as the reader writes days and lengths of time. */
import { days, lasting } from '../format/format';
import type { Texts } from '../texts/en';

export function rangeName(texts: Texts, locale: string, range: string): string {
  const named = texts.bar.ranges[range];
  if (named !== undefined) return named;
  const [from, to] = range.split('..');
  return from !== undefined && to !== undefined ? days(locale, from, to) : texts.bar.last(lasting(locale, range));
}

/** The names of numbers and dimensions in the reader's language; the server's own where a language has none. */
import { useMemo } from 'react';

import { usePreferences } from '../shell/preferences';
import type { Texts } from '../texts/en';
import type { Schemas } from './client';

interface Called {
  id: string;
  name: string;
}

function called<T extends Called>(names: Readonly<Record<string, string>>, all: T[]): T[] {
  return all.map((one) => ({ ...one, name: names[one.id] ?? one.name }));
}

/** Answers with names, by the names: the same answer stays the same. */
const known = new WeakMap<object, WeakMap<object, unknown>>();

/** An answer, its numbers called by these names. */
function namedBy<T extends { definitions: Schemas['Definition'][] }>(names: Readonly<Record<string, string>>, answer: T): T {
  const inLanguage = known.get(names) ?? new WeakMap<object, unknown>();
  known.set(names, inLanguage);
  const before = inLanguage.get(answer) as T | undefined;
  const named = before ?? { ...answer, definitions: called(names, answer.definitions) };
  inLanguage.set(answer, named);
  return named;
}

/** Functions that name what an answer holds; the same ones as long as the language stays. */
export function useNamed() {
  const { texts } = usePreferences();
  return useMemo(
    () => ({
      named: <T extends { definitions: Schemas['Definition'][] }>(answer: T): T => namedBy(texts.names.metrics, answer),
      metrics: (answer: Schemas['Metrics']): Schemas['Metrics'] => ({ ...answer, metrics: called(texts.names.metrics, answer.metrics) }),
      dimensions: (answer: Schemas['Dimensions']): Schemas['Dimensions'] => ({ ...answer, dimensions: called(texts.names.dimensions, answer.dimensions) }),
    }),
    [texts],
  );
}

/** Why there is no value, in words. The server names conditions; what a reader is told are things. */
export function reasonOf(texts: Texts, reason: string | null | undefined): string | undefined {
  if (reason === null || reason === undefined) return undefined;
  const [what = '', ...more] = reason.split('; ');
  const without = /^(?:no|there are no) (sessions?|messages?|steps?|users?)(?: with `.*`)?(?: has such a value)?$/s.exec(what);
  const thing = without?.[1]?.replace(/s$/, '') as keyof Texts['reasons']['nothing'] | undefined;
  const first = texts.reasons.said[what] ?? (thing === undefined ? what : texts.reasons.nothing[thing]);
  const young = /^(\d+) \w+ are too young to be judged$/.exec(more.join('; '));
  return young === null ? [first, ...more].join('; ') : `${first}; ${texts.number.pending(young[1] ?? '')}`;
}

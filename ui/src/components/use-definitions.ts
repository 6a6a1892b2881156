/** What each number says, for tables whose answers carry no definitions. */
import { useMemo } from 'react';

import type { Definition } from '../api/client';
import { useMetrics } from '../api/questions';

type Said = Pick<Definition, 'id' | 'name' | 'unit' | 'evidence' | 'text'>;

export function useDefinitions(): ReadonlyMap<string, Said> {
  const metrics = useMetrics();
  return useMemo(() => {
    const all = metrics.data?.metrics ?? [];
    return new Map(all.map(({ id, name, unit, evidence, definition }) => [id, { id, name, unit, evidence, text: definition }]));
  }, [metrics.data]);
}

/** Which of these numbers the server has: an older server has fewer. */
import { useMemo } from 'react';

import { useMetrics } from '../api/questions';

/** Undefined until the registry is there. */
export function useKnown(wanted: readonly string[]): string[] | undefined {
  const metrics = useMetrics();
  return useMemo(() => {
    if (metrics.data === undefined) return undefined;
    const there = new Set([...metrics.data.metrics, ...metrics.data.families].map((one) => one.id));
    return wanted.filter((id) => there.has(id));
  }, [metrics.data, wanted]);
}

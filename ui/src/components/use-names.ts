/** The names of dimensions, and which of them have several values in a session. */
import { useMemo } from 'react';

import { useDimensions } from '../api/questions';

export function useNames(): { names: ReadonlyMap<string, string>; listed: ReadonlySet<string> } {
  const dimensions = useDimensions();
  return useMemo(() => {
    const all = dimensions.data?.dimensions ?? [];
    return {
      names: new Map(all.map((one) => [one.id, one.name])),
      listed: new Set(all.filter((one) => one.many_valued).map((one) => one.id)),
    };
  }, [dimensions.data]);
}

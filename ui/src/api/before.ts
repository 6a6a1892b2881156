/** The range that a view is compared with, for questions that compare nothing themselves: they are asked once more. */
import { useMemo } from 'react';

import type { View } from '../view/view';
import { useAnswer } from './questions';

/** The same view in the range before; undefined where nothing is compared, or until it is known. */
export function useBefore(view: View): View | undefined {
  const compares = view.compare !== 'none' && view.range !== 'all';
  const answer = useAnswer(view, { metrics: ['sessions'] }, { enabled: compares });
  const range = compares && !answer.isPlaceholderData ? answer.data?.compare_range : undefined;
  return useMemo(() => {
    if (range?.from == null || range.to == null) return undefined;
    return { ...view, compare: 'none', range: `${range.from}..${range.to}` };
  }, [view, range?.from, range?.to]);
}

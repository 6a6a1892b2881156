/** The values of dimensions for people: our own words in their language, steps of time, and the names that the workspace gave its bots. */
import { useMemo } from 'react';

import { useSettings } from '../api/workspace';
import { labelOf, type Labels } from '../charts/data';
import { usePreferences } from '../shell/preferences';
import { useView } from '../view/use-view';

export function useLabels(): Labels {
  const { texts, locale } = usePreferences();
  const bots = useSettings(useView()).data?.bots;
  return useMemo(() => {
    const names = new Map((bots ?? []).map((bot) => [bot.id, bot.name]));
    return {
      of: (dimension, value) => (dimension === 'bot' && value !== null && names.get(value)) || labelOf(texts, locale, dimension, value),
      others: texts.table.other,
    };
  }, [texts, locale, bots]);
}

/** The view, and how it is changed. */
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useCallback } from 'react';

import { askSooner } from '../api/sooner';
import { hold, letGo, useLooked } from './held';
import { changed, keepsQuestions, readView, viewOf, type View, type ViewChange, type ViewSearch } from './view';

export function useView(): View {
  return useLooked().view;
}

/** Changes the view; undefined takes a setting out of the address. */
export function useSetView(): (change: ViewChange) => void {
  const router = useRouter();
  const client = useQueryClient();
  const { zone } = useView();
  return useCallback(
    (change) => {
      // It goes on from the address, which may be ahead of what is drawn.
      const next = changed(viewOf({ zone, ...readView(router.latestLocation.search as Record<string, unknown>) }), change);
      if (keepsQuestions(change)) hold(askSooner(client, next));
      else letGo();
      void router.navigate({
        to: '.',
        // What is taken out is said to be undefined: what is not said is kept from address to address.
        search: ((before: ViewSearch) => ({ ...before, ...change, ...(change.filter?.length === 0 && { filter: undefined }) })) as never,
        resetScroll: false,
      });
    },
    [client, router, zone],
  );
}

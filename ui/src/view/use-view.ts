/** The view of the address, and how it is changed. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import { viewOf, type View, type ViewSearch } from './view';

export function useView(): View {
  const search = useSearch({ strict: false }) as ViewSearch & Record<string, unknown>;
  const { range, compare, environment, bot, zone, workspace } = search;
  // The address gives a new list each time; the same filters are the same view.
  const filter = JSON.stringify(search.filter ?? []);
  return useMemo(() => {
    const said = Object.entries({ range, compare, environment, bot, zone, workspace });
    const given = Object.fromEntries(said.filter(([, value]) => value !== undefined)) as ViewSearch;
    return viewOf({ ...given, filter: JSON.parse(filter) as string[] });
  }, [range, compare, environment, bot, zone, workspace, filter]);
}

/** Changes the view; undefined takes a setting out of the address. */
export function useSetView(): (change: { [Name in keyof View]?: View[Name] | undefined }) => void {
  const navigate = useNavigate();
  return useCallback(
    (change) => {
      void navigate({
        to: '.',
        // What is taken out is said to be undefined: what is not said is kept from address to address.
        search: ((before: ViewSearch) => ({ ...before, ...change, ...(change.filter?.length === 0 && { filter: undefined }) })) as never,
        resetScroll: false,
      });
    },
    [navigate],
  );
}

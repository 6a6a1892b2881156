/** The view of the address, and how it is changed. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef } from 'react';

import { askSooner } from '../api/sooner';
import { useSettings } from '../api/workspace';
import { changed, keepsQuestions, viewOf, type View, type ViewChange, type ViewSearch } from './view';

export function useView(): View {
  const search = useSearch({ strict: false }) as ViewSearch & Record<string, unknown>;
  const { range, compare, environment, bot, zone, workspace } = search;
  // The address gives a new list each time; the same filters are the same view.
  const filter = JSON.stringify(search.filter ?? []);
  // Where the address names no zone it is that of the workspace, once somebody set one.
  const settings = useSettings({ workspace }).data;
  const home = settings?.changed == null ? undefined : settings.time_zone;
  return useMemo(() => {
    const said = Object.entries({ range, compare, environment, bot, zone: zone ?? home, workspace });
    const given = Object.fromEntries(said.filter(([, value]) => value !== undefined)) as ViewSearch;
    return viewOf({ ...given, filter: JSON.parse(filter) as string[] });
  }, [range, compare, environment, bot, zone, home, workspace, filter]);
}

/** Changes the view; undefined takes a setting out of the address. */
export function useSetView(): (change: ViewChange) => void {
  const navigate = useNavigate();
  const client = useQueryClient();
  const view = useView();
  const now = useRef(view);
  useEffect(() => {
    now.current = view;
  }, [view]);
  return useCallback(
    (change) => {
      // What comes next goes on from here, also before the page was drawn with it.
      now.current = changed(now.current, change);
      if (keepsQuestions(change)) askSooner(client, now.current);
      void navigate({
        to: '.',
        // What is taken out is said to be undefined: what is not said is kept from address to address.
        search: ((before: ViewSearch) => ({ ...before, ...change, ...(change.filter?.length === 0 && { filter: undefined }) })) as never,
        resetScroll: false,
      });
    },
    [client, navigate],
  );
}

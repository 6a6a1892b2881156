/** Listens for changes: what is on the screen is asked again as soon as events have come in. */
import { useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useEffect } from 'react';

import { listen } from './client';

/** After how long a lost connection is tried again, in milliseconds. */
const AGAIN = 3_000;
/** At most so often is asked again, in milliseconds: an answer takes its time, too. */
const NOT_SOONER = 1_000;

type Pages = InfiniteData<unknown, unknown>;

/** The first page of a list. */
function first(list: Pages | undefined): Pages | undefined {
  return list === undefined || list.pages.length < 2 ? list : { pages: list.pages.slice(0, 1), pageParams: list.pageParams.slice(0, 1) };
}

/** While `on`, asks again whatever the workspace's changes concern. */
export function useChanges(on: boolean, workspace: string | undefined): void {
  const client = useQueryClient();
  useEffect(() => {
    if (!on) return;
    const ending = new AbortController();
    let last = 0;
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const askAgain = () => {
      if (waiting !== undefined) return;
      waiting = setTimeout(
        () => {
          waiting = undefined;
          last = Date.now();
          const asks = ['sessions', 'query', 'live', 'session'];
          // What was read of a list beyond its first pages is let go: each page of it would be a question.
          client.setQueriesData<Pages>({ queryKey: ['sessions'] }, first);
          void client.invalidateQueries({ predicate: (query) => asks.includes(String(query.queryKey[0])) });
        },
        Math.max(0, last + NOT_SOONER - Date.now()),
      );
    };
    const go = async () => {
      while (!ending.signal.aborted) {
        // What came in while nobody listened.
        askAgain();
        await listen(workspace, ending.signal, askAgain).catch(() => undefined);
        if (!ending.signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    };
    void go();
    return () => {
      ending.abort();
      clearTimeout(waiting);
    };
  }, [on, workspace, client]);
}

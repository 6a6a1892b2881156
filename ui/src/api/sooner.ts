/**
 * Asks what a page will ask once a filter has changed, before the page is drawn anew: to draw it takes about as long as the
 * server takes to answer, and both go on at the same time.
 */
import { hashKey, type QueryClient, type QueryFunction, type QueryKey } from '@tanstack/react-query';

import type { View } from '../view/view';

export interface Question<T> {
  queryKey: QueryKey;
  queryFn: QueryFunction<T>;
}

/** One whose answer comes in pages. */
export interface LongQuestion<T, Page> {
  queryKey: QueryKey;
  queryFn: QueryFunction<T, QueryKey, Page>;
  initialPageParam: Page;
}

/** What a question is asked with that follows the filters of the page: it stands in its `meta`. */
export interface OfView extends Record<string, unknown> {
  view: View;
  /** The same question of another view. */
  under: (view: View) => Question<unknown> | LongQuestion<unknown, string | null>;
}

/** What was asked for the change before. */
let asked: QueryKey[] = [];

/** Who goes on to another filter before the page was drawn with the first wants no answers to that any more. */
function giveUp(client: QueryClient): void {
  for (const queryKey of asked) {
    const query = client.getQueryCache().find({ queryKey, exact: true });
    if (query !== undefined && query.getObserversCount() === 0) void client.cancelQueries({ queryKey, exact: true });
  }
  asked = [];
}

/** `next`: what the page will look at, with other traffic, another bot or other filters than now, and everything else as it is. */
export function askSooner(client: QueryClient, next: View): void {
  giveUp(client);
  for (const query of client.getQueryCache().findAll({ type: 'active' })) {
    const ofView = query.meta as OfView | undefined;
    if (ofView === undefined) continue;
    const view: View = { ...ofView.view, environment: next.environment, filter: next.filter };
    if (next.bot === undefined) delete view.bot;
    else view.bot = next.bot;
    const question = ofView.under(view);
    if (hashKey(question.queryKey) === query.queryHash) continue;
    asked.push(question.queryKey);
    if ('initialPageParam' in question) void client.prefetchInfiniteQuery(question);
    else void client.prefetchQuery(question);
  }
}

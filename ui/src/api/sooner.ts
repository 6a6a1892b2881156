/**
 * Asks what a page will ask once a filter has changed, before the page is drawn anew: to draw it takes about as long as the
 * server takes to answer, and both go on at the same time.
 */
import type { QueryClient, QueryFunction, QueryKey } from '@tanstack/react-query';

import type { View } from '../view/view';

export interface Question<T> {
  queryKey: QueryKey;
  queryFn: QueryFunction<T>;
}

/** What a question is asked with that is asked of a view: it stands in its `meta`. */
export interface OfView extends Record<string, unknown> {
  view: View;
  /** The same question of another view. */
  under: (view: View) => Question<unknown>;
}

/** What may change so that a page asks the same of other sessions; with another range or comparison it asks other things. */
const FILTERS = ['environment', 'bot', 'filter'] as const;

type Change = { [Name in keyof View]?: View[Name] | undefined };

/** The view of a question once the page's view has changed; undefined where that changes nothing of it. */
function changed(of: View, page: View, change: Change): View | undefined {
  // Who looks at everything, whatever the page looks at, goes on to do so.
  if (of.range !== page.range) return undefined;
  const follows = FILTERS.filter((name) => name in change && JSON.stringify(of[name]) === JSON.stringify(page[name]));
  if (follows.length === 0) return undefined;
  const changes = follows.map((name) => [name, change[name]] as const);
  const said = Object.entries({ ...of, ...Object.fromEntries(changes) }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as unknown as View;
}

export function askSooner(client: QueryClient, page: View, change: Change): void {
  if (!Object.keys(change).every((name) => FILTERS.some((one) => one === name))) return;
  for (const query of client.getQueryCache().findAll({ type: 'active' })) {
    const ofView = query.meta as OfView | undefined;
    if (ofView === undefined) continue;
    const view = changed(ofView.view, page, change);
    if (view !== undefined) void client.prefetchQuery(ofView.under(view));
  }
}

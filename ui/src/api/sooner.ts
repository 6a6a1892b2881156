/**
 * Asks what a page will ask once a filter has changed, before the page is drawn anew: to draw it takes about as long as the
 * server takes to answer, and both go on at the same time. What is in sight is asked first.
 */
import { hashKey, type Query, type QueryClient, type QueryFunction, type QueryKey } from '@tanstack/react-query';

import { idle } from '../charts/later';
import { isOutOfSight } from '../components/in-sight';
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

/** What is out of sight is asked when the rest is there, and at the latest after so many milliseconds. */
const PATIENCE = 500;
/** Until what is in sight is drawn, at most so many more. */
const TO_DRAW = 50;

type Any = Question<unknown> | LongQuestion<unknown, string | null>;

/** Whether what it answers is drawn out of sight alone. */
function isForLater(query: Query): boolean {
  return query.observers.every((observer) => isOutOfSight(observer.getCurrentResult().data));
}

function prefetch(client: QueryClient, question: Any): Promise<void> {
  asked.push(question.queryKey);
  return 'initialPageParam' in question ? client.prefetchInfiniteQuery(question) : client.prefetchQuery(question);
}

/** The same question, sent when others are answered. Whoever draws the page meanwhile finds it under way. */
function after(others: Promise<unknown>, question: Any): Any {
  const wait = async (signal: AbortSignal) => {
    await others;
    signal.throwIfAborted();
  };
  if ('initialPageParam' in question) {
    const { queryFn } = question;
    return { ...question, queryFn: (context: Parameters<typeof queryFn>[0]) => wait(context.signal).then(() => queryFn(context)) };
  }
  const { queryFn } = question;
  return { ...question, queryFn: (context: Parameters<typeof queryFn>[0]) => wait(context.signal).then(() => queryFn(context)) };
}

/** Whether its range was told by an answer: that to the next filters may tell another. */
function isOfAnAnswer(view: View, next: View): boolean {
  return view.range !== next.range && view.range.includes('..');
}

/**
 * `next`: what the page will look at, with other traffic, another bot or other filters than now, and everything else as it is. The
 * promise is kept when what is in sight is answered, or failed.
 */
export function askSooner(client: QueryClient, next: View): Promise<unknown> {
  giveUp(client);
  const first: Any[] = [];
  const later: Any[] = [];
  for (const query of client.getQueryCache().findAll({ type: 'active' })) {
    const ofView = query.meta as OfView | undefined;
    if (ofView === undefined || isOfAnAnswer(ofView.view, next)) continue;
    const view: View = { ...ofView.view, environment: next.environment, filter: next.filter };
    if (next.bot === undefined) delete view.bot;
    else view.bot = next.bot;
    const question = ofView.under(view);
    if (hashKey(question.queryKey) === query.queryHash) continue;
    (isForLater(query) ? later : first).push(question);
  }
  const answers = Promise.allSettled(first.map((question) => prefetch(client, question)));
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const others = Promise.race([answers.then(() => idle(TO_DRAW)), patience]);
  for (const question of later) void prefetch(client, after(others, question));
  return answers;
}

/** Questions as React hooks: asked again when the view changes, the last answer shown until the next is there. */
import { hashKey, keepPreviousData, replaceEqualDeep, useInfiniteQuery, useQuery, type UseQueryResult } from '@tanstack/react-query';

import { asked, filtersOf, rangeSpec, type View } from '../view/view';
import { ask, get, post, type Query, type QueryResult, type Schemas, type Session } from './client';
import { useNamed } from './named';
import type { LongQuestion, OfView, Question } from './sooner';

/** How often what is on the screen is asked again, in milliseconds; the server answers «unchanged» cheaply. */
const AGAIN = 60_000;

/** What an answer looks like to a page. */
export type Asked<T> = UseQueryResult<T>;

/** An answer with the question that it answers: what is behind a number is asked with it. */
export type AnswerTo = QueryResult & { question: Query };

/**
 * What is the same in two answers to one question stays as it was drawn. Of answers to two questions that is hardly a number, and to
 * look for it takes as long as to draw some: of them only what the numbers are is shared.
 */
function shared(before: unknown, now: unknown): unknown {
  if (before === now || !isAnswer(before) || !isAnswer(now)) return now;
  if (hashKey([before.question]) === hashKey([now.question])) return replaceEqualDeep(before, now);
  const { definitions, metrics, dimensions } = now;
  return { ...now, ...replaceEqualDeep({ definitions: before.definitions, metrics: before.metrics, dimensions: before.dimensions }, { definitions, metrics, dimensions }) };
}

function isAnswer(data: unknown): data is AnswerTo {
  return typeof data === 'object' && data !== null && 'question' in data && 'definitions' in data;
}

/** Asks for numbers within a view. */
export function useAnswer(
  view: View,
  question: Partial<Query> & { metrics: string[] },
  options: { enabled?: boolean; /** Whether it does not follow the filters of the page. */ apart?: boolean } = {},
): Asked<AnswerTo> {
  const { named } = useNamed();
  return useQuery({
    ...answerTo(view, question),
    ...(options.apart !== true && { meta: { view, under: (other) => answerTo(other, question) } satisfies OfView }),
    select: named,
    structuralSharing: shared,
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN,
    enabled: options.enabled ?? true,
  });
}

function answerTo(view: View, question: Partial<Query> & { metrics: string[] }): Question<AnswerTo> {
  const query = asked(view, question);
  return {
    queryKey: ['query', view.workspace, query],
    queryFn: async ({ signal }) => {
      const answer = await ask(query, view.workspace, signal);
      return { ...answer, question: query };
    },
  };
}

/** Asks what drives an outcome. */
export function useDrivers(view: View, question: DriversAsked): Asked<Schemas['DriverResult']> {
  return useQuery({
    ...driversOf(view, question),
    meta: { view, under: (other) => driversOf(other, question) } satisfies OfView,
    placeholderData: keepPreviousData,
    refetchInterval: AGAIN,
  });
}

interface DriversAsked {
  outcome: Schemas['DrivenOutcome'];
  by: string;
  limit?: number;
}

function driversOf(view: View, question: DriversAsked): Question<Schemas['DriverResult']> {
  const query: Schemas['DriverQuery'] = {
    ...question,
    range: rangeSpec(view.range),
    time_zone: view.zone,
    environment: view.environment,
    filters: filtersOf(view),
  };
  return {
    queryKey: ['drivers', view.workspace, query],
    queryFn: ({ signal }) => post('/api/v1/drivers', query, { workspace: view.workspace, signal }),
  };
}

/** The registry of numbers; it changes with the program alone. */
export function useMetrics(): Asked<Schemas['Metrics']> {
  const { metrics } = useNamed();
  return useQuery({ queryKey: ['metrics'], queryFn: ({ signal }) => get('/api/v1/metrics', { signal }), select: metrics, staleTime: Infinity });
}

/** By what numbers can be cut, and what filters may name. */
export function useDimensions(): Asked<Schemas['Dimensions']> {
  const { dimensions } = useNamed();
  return useQuery({
    queryKey: ['dimensions'],
    queryFn: ({ signal }) => get('/api/v1/dimensions', { signal }),
    select: dimensions,
    staleTime: Infinity,
  });
}

/** Which values a dimension has in a view, the commonest first. */
export function useValues(view: View, dimension: string, enabled = true): Asked<AnswerTo> {
  return useAnswer(
    { ...view, compare: 'none', filter: [] },
    { metrics: ['sessions'], dimensions: [dimension], limit: 50 },
    { enabled, apart: true },
  );
}

/** What a list of sessions is asked with. */
export interface SessionsAsked {
  filters?: string[];
  order?: string | undefined;
  limit?: number;
  /** How many at a time once it is read on. */
  more?: number;
  /** What is kept of each session: a list of 100,000 has no room for all that is known of them. */
  fields?: readonly (keyof Session)[];
}

/** The fields of a session that are wanted. */
function only(session: Session, fields: readonly (keyof Session)[]): Session {
  const few: Record<string, unknown> = {};
  for (const name of fields) few[name] = session[name];
  return few as Session;
}

/** As many pages as are asked again unasked: a long list would take a question for each page of it. */
const FEW_PAGES = 2;

type Parameters = Record<string, string | string[] | number | undefined>;

/** Which rows a list holds. */
function selected(view: View, filters: string[] = []): Parameters {
  const range = rangeSpec(view.range);
  return {
    filter: [...filtersOf(view), ...filters],
    from: range.from ?? undefined,
    to: range.to ?? undefined,
    last: range.last ?? undefined,
    time_zone: view.zone,
    environment: view.environment,
  };
}

function sessionParameters(view: View, question: SessionsAsked): Parameters {
  return { ...selected(view, question.filters), order: question.order, limit: question.limit ?? 100 };
}

/** The newest messages of which a condition holds, with what was written: only for who may read that. It is not asked again unasked, as each time is recorded. */
export function useMessages(view: View, question: MessagesAsked): Asked<Schemas['MessagePage']> {
  return useQuery({
    ...messagesOf(view, question),
    meta: { view, under: (other) => messagesOf(other, question) } satisfies OfView,
    // What was said in one workspace is never shown in another.
    placeholderData: (before, query) => (query?.queryKey[1] === view.workspace ? before : undefined),
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

interface MessagesAsked {
  filters: string[];
  limit: number;
}

function messagesOf(view: View, question: MessagesAsked): Question<Schemas['MessagePage']> {
  const parameters = { ...selected(view, question.filters), limit: question.limit };
  return {
    queryKey: ['messages', view.workspace, parameters],
    queryFn: ({ signal }) => get('/api/v1/messages', { parameters, workspace: view.workspace, signal }),
  };
}

/** A list of sessions that grows as it is read. */
export function useSessions(view: View, question: SessionsAsked, enabled = true) {
  return useInfiniteQuery({
    ...sessionsOf(view, question),
    meta: { view, under: (other) => sessionsOf(other, question) } satisfies OfView,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    refetchOnMount: isShort,
    refetchOnWindowFocus: isShort,
    refetchOnReconnect: isShort,
    // Pages are compared one by one, and each is new.
    structuralSharing: false,
    enabled,
  });
}

function sessionsOf(view: View, question: SessionsAsked): LongQuestion<Schemas['SessionPage'], string | null> {
  const parameters = sessionParameters(view, question);
  const { fields, more } = question;
  return {
    queryKey: ['sessions', view.workspace, parameters],
    queryFn: async ({ signal, pageParam }) => {
      const limit = pageParam === null ? parameters.limit : (more ?? parameters.limit);
      const page = await get('/api/v1/sessions', { parameters: { ...parameters, limit, cursor: pageParam ?? undefined }, workspace: view.workspace, signal });
      return fields === undefined ? page : { ...page, sessions: page.sessions.map((session) => only(session, fields)) };
    },
    initialPageParam: null,
  };
}

function isShort(list: { state: { data: { pages: unknown[] } | undefined } }): boolean {
  return (list.state.data?.pages.length ?? 0) <= FEW_PAGES;
}

/** What is going on now: open sessions, who waits and how long, who serves. */
export function useLive(view: View): Asked<QueryResult> {
  const parameters = { filter: filtersOf(view), environment: view.environment };
  const { named } = useNamed();
  return useQuery({
    queryKey: ['live', view.workspace, parameters],
    select: named,
    queryFn: ({ signal }) => get('/api/v1/live', { parameters, workspace: view.workspace, signal }),
    refetchInterval: 15_000,
  });
}

/** What another profile makes of a session's conversation. */
export function useUnder(view: View, id: string, profile: string | undefined): Asked<Schemas['UnderProfile']> {
  return useQuery({
    queryKey: ['under', view.workspace, id, profile],
    queryFn: ({ signal }) =>
      get('/api/v1/sessions/{id}/under/{profile}', { path: { id, profile: profile ?? '' }, workspace: view.workspace, signal }),
    enabled: profile !== undefined,
  });
}

/** The profiles, and which of them serve the workspace. */
export function useProfiles(view: View): Asked<Schemas['Profiles']> {
  return useQuery({
    queryKey: ['profiles', view.workspace],
    queryFn: ({ signal }) => get('/api/v1/profiles', { workspace: view.workspace, signal }),
    staleTime: 300_000,
  });
}

/** One session with all that was said and done. */
export function useSession(view: View, id: string): Asked<Schemas['SessionDetail']> {
  return useQuery({
    queryKey: ['session', view.workspace, id],
    queryFn: ({ signal }) => get('/api/v1/sessions/{id}', { path: { id }, workspace: view.workspace, signal }),
  });
}

/** The sessions that a number counts, the newest first; `query` and `cell` say which number. */
export function useBehind(view: View, query: Query | undefined, cell: Schemas['Cell'], limit: number) {
  return useInfiniteQuery({
    queryKey: ['drilldown', view.workspace, query, cell, limit],
    queryFn: ({ signal, pageParam }) =>
      post('/api/v1/drilldown', { query: query ?? {}, cell, page: { limit, cursor: pageParam } }, { workspace: view.workspace, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled: query !== undefined,
    retry: false,
  });
}

/** Questions about people and about the order of things: retention, topics, flows, paths, funnels, lift. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { filtersOf, rangeSpec, type View } from '../view/view';
import { post, type Schemas } from './client';
import type { Asked } from './questions';
import type { OfView, Question } from './sooner';

/** What a question takes from the view. */
function scope(view: View) {
  return { range: rangeSpec(view.range), time_zone: view.zone, environment: view.environment, filters: filtersOf(view) };
}

interface Sent {
  workspace: string | undefined;
  signal: AbortSignal;
}

function useAsked<Body, T>(name: string, view: View, bodyOf: (view: View) => Body, send: (body: Body, sent: Sent) => Promise<T>, enabled = true): Asked<T> {
  const under = (of: View): Question<T> => {
    const body = bodyOf(of);
    return { queryKey: [name, of.workspace, body], queryFn: ({ signal }) => send(body, { workspace: of.workspace, signal }) };
  };
  return useQuery({
    ...under(view),
    meta: { view, under } satisfies OfView,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** The report on topics, compared as the view says. */
export function useTopics(view: View, question: { filters?: string[]; limit?: number } = {}): Asked<Schemas['TopicResult']> {
  const { filters = [], ...rest } = question;
  const bodyOf = (of: View): Schemas['TopicQuery'] => {
    const within = scope(of);
    return { ...within, filters: [...within.filters, ...filters], compare: of.range === 'all' ? 'none' : of.compare, ...rest };
  };
  return useAsked('topics', view, bodyOf, (body, sent) => post('/api/v1/topics', body, sent));
}

export function useFlows(view: View, question: Schemas['FlowQuery'], enabled = true): Asked<Schemas['FlowResult']> {
  const bodyOf = (of: View): Schemas['FlowQuery'] => ({ ...scope(of), ...question });
  return useAsked('flows', view, bodyOf, (body, sent) => post('/api/v1/flows', body, sent), enabled);
}

export function usePaths(view: View, question: Schemas['PathQuery'], enabled = true): Asked<Schemas['PathResult']> {
  const bodyOf = (of: View): Schemas['PathQuery'] => ({ ...scope(of), ...question });
  return useAsked('paths', view, bodyOf, (body, sent) => post('/api/v1/paths', body, sent), enabled);
}

export function useLift(view: View, question: Schemas['LiftQuery']): Asked<Schemas['LiftResult']> {
  const bodyOf = (of: View): Schemas['LiftQuery'] => ({ ...scope(of), ...question });
  return useAsked('lift', view, bodyOf, (body, sent) => post('/api/v1/lift', body, sent));
}

export function useFunnel(view: View, question: Schemas['FunnelQuery'], enabled = true): Asked<Schemas['FunnelResult']> {
  const bodyOf = (of: View): Schemas['FunnelQuery'] => ({ ...scope(of), ...question });
  return useAsked('funnel', view, bodyOf, (body, sent) => post('/api/v1/funnel', body, sent), enabled);
}

/** Who came back. The filters of the view say who belongs to a cohort. */
export function useRetention(view: View, question: Schemas['RetentionQuery'], enabled = true): Asked<Schemas['RetentionResult']> {
  const bodyOf = (of: View): Schemas['RetentionQuery'] => ({ ...scope(of), ...question });
  return useAsked('retention', view, bodyOf, (body, sent) => post('/api/v1/retention', body, sent), enabled);
}

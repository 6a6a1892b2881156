/** Questions about people and about the order of things: retention, topics, flows, paths, funnels, lift. */
import { keepPreviousData, useQuery, type QueryFunctionContext } from '@tanstack/react-query';

import { filtersOf, rangeSpec, type View } from '../view/view';
import { post, type Schemas } from './client';
import type { Asked } from './questions';

/** What a question takes from the view. */
function scope(view: View) {
  return { range: rangeSpec(view.range), time_zone: view.zone, environment: view.environment, filters: filtersOf(view) };
}

function useAsked<T>(name: string, view: View, question: object, ask: (signal: AbortSignal) => Promise<T>, enabled = true): Asked<T> {
  return useQuery({
    queryKey: [name, view.workspace, question],
    queryFn: ({ signal }: QueryFunctionContext) => ask(signal),
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** The report on topics, compared as the view says. */
export function useTopics(view: View, question: { filters?: string[]; limit?: number } = {}): Asked<Schemas['TopicResult']> {
  const { filters = [], ...rest } = question;
  const within = scope(view);
  const compare = view.range === 'all' ? 'none' : view.compare;
  const body: Schemas['TopicQuery'] = { ...within, filters: [...within.filters, ...filters], compare, ...rest };
  return useAsked('topics', view, body, (signal) => post('/api/v1/topics', body, { workspace: view.workspace, signal }));
}

export function useFlows(view: View, question: Schemas['FlowQuery'], enabled = true): Asked<Schemas['FlowResult']> {
  const body: Schemas['FlowQuery'] = { ...scope(view), ...question };
  return useAsked('flows', view, body, (signal) => post('/api/v1/flows', body, { workspace: view.workspace, signal }), enabled);
}

export function usePaths(view: View, question: Schemas['PathQuery'], enabled = true): Asked<Schemas['PathResult']> {
  const body: Schemas['PathQuery'] = { ...scope(view), ...question };
  return useAsked('paths', view, body, (signal) => post('/api/v1/paths', body, { workspace: view.workspace, signal }), enabled);
}

export function useLift(view: View, question: Schemas['LiftQuery']): Asked<Schemas['LiftResult']> {
  const body: Schemas['LiftQuery'] = { ...scope(view), ...question };
  return useAsked('lift', view, body, (signal) => post('/api/v1/lift', body, { workspace: view.workspace, signal }));
}

export function useFunnel(view: View, question: Schemas['FunnelQuery'], enabled = true): Asked<Schemas['FunnelResult']> {
  const body: Schemas['FunnelQuery'] = { ...scope(view), ...question };
  return useAsked('funnel', view, body, (signal) => post('/api/v1/funnel', body, { workspace: view.workspace, signal }), enabled);
}

/** Who came back. The filters of the view say who belongs to a cohort. */
export function useRetention(view: View, question: Schemas['RetentionQuery'], enabled = true): Asked<Schemas['RetentionResult']> {
  const body: Schemas['RetentionQuery'] = { ...scope(view), ...question };
  return useAsked('retention', view, body, (signal) => post('/api/v1/retention', body, { workspace: view.workspace, signal }), enabled);
}

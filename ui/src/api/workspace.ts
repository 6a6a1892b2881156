/** What a workspace is set to; its rules, prices and demo data. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { View } from '../view/view';
import { get, post, put, remove, type Schemas } from './client';
import type { Asked } from './questions';

/** Numbers rest on settings: everything is asked again. */
function useChange<Given, Made>(change: (given: Given) => Promise<Made>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries() });
}

export function usePrices(view: View): Asked<Schemas['Prices']> {
  return useQuery({ queryKey: ['prices', view.workspace], queryFn: ({ signal }) => get('/api/v1/prices', { workspace: view.workspace, signal }) });
}

export function useSetPrices(view: View) {
  return useChange((toml: string) => put('/api/v1/prices', { toml }, { workspace: view.workspace }));
}

/** The fact sets; asked again often while one is being built. */
export function useFactSets(view: View): Asked<Schemas['FactSets']> {
  return useQuery({
    queryKey: ['fact-sets', view.workspace],
    queryFn: ({ signal }) => get('/api/v1/fact-sets', { workspace: view.workspace, signal }),
    refetchInterval: (query) => (query.state.data?.fact_sets.some((one) => one.building != null) === true ? 1_000 : 30_000),
  });
}

export function usePreview(view: View) {
  return useMutation({ mutationFn: (given: Schemas['PreviewRequest']) => post('/api/v1/fact-sets/preview', given, { workspace: view.workspace }) });
}

export function useApply(view: View) {
  return useChange((given: Schemas['FactSetChange']) => post('/api/v1/fact-sets', given, { workspace: view.workspace }));
}

export function useRemoveFactSet(view: View) {
  return useChange((name: string) => remove('/api/v1/fact-sets/{name}', { path: { name }, workspace: view.workspace }));
}

/** Sends one event of test traffic, which no number of production counts. */
export function useTestEvent(view: View) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (source: string) => {
      const conversation = `test-${Date.now().toString(36)}`;
      const event = { event_type: 'message', time: new Date().toISOString(), conversation_id: conversation, role: 'user', text: 'A test event', channel: 'web', environment: 'test', source } as const;
      const accepted = await post('/api/v1/events', event as never, { workspace: view.workspace });
      return { accepted, conversation };
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['query'] }),
  });
}

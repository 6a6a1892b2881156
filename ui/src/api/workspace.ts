/** What a workspace is set to; its rules, prices and demo data. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { filtersOf, rangeSpec, type View } from '../view/view';
import { get, post, put, remove, type Schemas } from './client';
import type { Asked } from './questions';

export type Settings = Schemas['Settings'];

export function useSettings(view: { workspace?: string | undefined }): Asked<Settings> {
  return useQuery({ queryKey: ['settings', view.workspace], queryFn: ({ signal }) => get('/api/v1/settings', { workspace: view.workspace, signal }), staleTime: 60_000, retry: false });
}

/** Numbers rest on settings: everything is asked again. */
function useChange<Given, Made>(change: (given: Given) => Promise<Made>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries() });
}

/** Sets some of the settings; all others stay as they were read. */
export function useSetSettings(view: View, settings: Settings) {
  return useChange((given: Partial<Schemas['NewSettings']>) => {
    const all = { ...settings, ...given };
    delete all.changed;
    return put('/api/v1/settings', all, { workspace: view.workspace });
  });
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

/** Where events come from, and what of them was refused lately. */
export function useSources(view: View): Asked<Schemas['Sources']> {
  return useQuery({ queryKey: ['sources', view.workspace], queryFn: ({ signal }) => get('/api/v1/sources', { workspace: view.workspace, signal }), refetchInterval: 30_000 });
}

/** What the platform reports beside what was computed, within a view. */
export function useReported(view: View): Asked<Schemas['ReportedCheck']> {
  const range = rangeSpec(view.range);
  const parameters = { filter: filtersOf(view), from: range.from ?? undefined, to: range.to ?? undefined, last: range.last ?? undefined, time_zone: view.zone, environment: view.environment };
  return useQuery({ queryKey: ['reported', view.workspace, parameters], queryFn: ({ signal }) => get('/api/v1/checks/reported', { parameters, workspace: view.workspace, signal }) });
}

export function useDemo(view: View): Asked<Schemas['Demo']> {
  return useQuery({ queryKey: ['demo', view.workspace], queryFn: ({ signal }) => get('/api/v1/demo', { workspace: view.workspace, signal }), staleTime: 300_000 });
}

export function useClearDemo(view: View) {
  return useChange(() => remove('/api/v1/demo', { workspace: view.workspace }));
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

/** What is kept of what people write, and for how long; erasing users, and the proofs of it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { View } from '../view/view';
import { get, post, put, type Schemas } from './client';
import type { Asked } from './questions';

export function useErasures(view: View): Asked<Schemas['Erasures']> {
  return useQuery({ queryKey: ['erasures', view.workspace], queryFn: ({ signal }) => get('/api/v1/erasures', { workspace: view.workspace, signal }) });
}

export function useTextMode(view: View): Asked<Schemas['TextModeAnswer']> {
  return useQuery({ queryKey: ['text-mode', view.workspace], queryFn: ({ signal }) => get('/api/v1/text-mode', { workspace: view.workspace, signal }) });
}

/** What is stored stays as it is: no number changes by it. */
export function useSetTextMode({ workspace }: View) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (given: Schemas['NewTextMode']) => put('/api/v1/text-mode', given, { workspace }),
    onSuccess: (answer) => client.setQueryData(['text-mode', workspace], answer),
  });
}

/** The mode of one source; null leaves it to the workspace. */
export function useSetSourceTextMode({ workspace }: View) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ source, mode }: { source: string } & Schemas['NewSourceTextMode']) => put('/api/v1/text-mode/sources/{source}', { mode }, { path: { source }, workspace }),
    onSuccess: (answer) => client.setQueryData(['text-mode', workspace], answer),
  });
}

/** Days go one after the other: where some do, it is asked again. */
export function useKeeping(view: View): Asked<Schemas['KeepingAnswer']> {
  return useQuery({
    queryKey: ['keeping', view.workspace],
    queryFn: ({ signal }) => get('/api/v1/keeping', { workspace: view.workspace, signal }),
    refetchInterval: ({ state: { data } }) => (data?.texts_days != null || data?.events_days != null || data?.facts_days != null ? 3000 : false),
  });
}

/** What would go at once. */
export function useOutdated({ workspace }: View) {
  return useMutation({ mutationFn: (given: Schemas['NewKeeping']) => post('/api/v1/keeping/preview', given, { workspace }) });
}

export function useKeep({ workspace }: View) {
  const client = useQueryClient();
  return useMutation({ mutationFn: (given: Schemas['NewKeeping']) => put('/api/v1/keeping', given, { workspace }), onSuccess: () => client.invalidateQueries() });
}

/** What erasing them would take away. */
export function useForeseen({ workspace }: View) {
  return useMutation({ mutationFn: (given: Schemas['NewErasure']) => post('/api/v1/erasures/preview', given, { workspace }) });
}

/** All numbers may change by it: everything is asked again. */
export function useErase({ workspace }: View) {
  const client = useQueryClient();
  return useMutation({ mutationFn: (given: Schemas['NewErasure']) => post('/api/v1/erasures', given, { workspace }), onSuccess: () => client.invalidateQueries() });
}

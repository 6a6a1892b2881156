/** What people wrote on sessions: notes and labels. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { View } from '../view/view';
import { get, post, put, remove, type Schemas } from './client';
import type { Asked } from './questions';

export function useNotes(view: View, id: string): Asked<Schemas['Remarks']> {
  return useQuery({ queryKey: ['notes', view.workspace, id], queryFn: ({ signal }) => get('/api/v1/sessions/{id}/notes', { path: { id }, workspace: view.workspace, signal }) });
}

export function useLabels(view: View): Asked<Schemas['LabelsInUse']> {
  return useQuery({ queryKey: ['labels', view.workspace], queryFn: ({ signal }) => get('/api/v1/labels', { workspace: view.workspace, signal }), staleTime: 60_000 });
}

function useChange<Given, Made>(view: View, id: string, change: (given: Given) => Promise<Made>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ['notes', view.workspace, id] }), client.invalidateQueries({ queryKey: ['labels', view.workspace] })]),
  });
}

export function useAddNote(view: View, id: string) {
  return useChange(view, id, (text: string) => post('/api/v1/sessions/{id}/notes', { text }, { path: { id }, workspace: view.workspace }));
}

export function useRemoveNote(view: View, id: string) {
  return useChange(view, id, (note: string) => remove('/api/v1/sessions/{id}/notes/{note}', { path: { id, note }, workspace: view.workspace }));
}

export function useAddLabel(view: View, id: string) {
  return useChange(view, id, (label: string) => put('/api/v1/sessions/{id}/labels/{label}', undefined as never, { path: { id, label }, workspace: view.workspace }));
}

export function useRemoveLabel(view: View, id: string) {
  return useChange(view, id, (label: string) => remove('/api/v1/sessions/{id}/labels/{label}', { path: { id, label }, workspace: view.workspace }));
}

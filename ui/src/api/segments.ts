/** Filters that are saved under a name. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { View } from '../view/view';
import { get, put, remove, type Schemas } from './client';
import type { Asked } from './questions';

export type Segment = Schemas['SavedSegment'];

export function useSegments(view: View, enabled = true): Asked<Schemas['Segments']> {
  return useQuery({
    queryKey: ['segments', view.workspace],
    queryFn: ({ signal }) => get('/api/v1/segments', { workspace: view.workspace, signal }),
    enabled,
  });
}

/** Saves a segment under its name; numbers that rest on it are asked again. */
export function useSaveSegment(view: View) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (segment: { name: string; filter: string; description: string }) =>
      put('/api/v1/segments/{name}', { filter: segment.filter, description: segment.description }, { path: { name: segment.name }, workspace: view.workspace }),
    onSuccess: () => client.invalidateQueries(),
  });
}

export function useRemoveSegment(view: View) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => remove('/api/v1/segments/{name}', { path: { name }, workspace: view.workspace }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['segments'] }),
  });
}

/** Several filters as one. */
export function together(filters: string[]): string {
  return filters.length === 1 ? (filters[0] ?? '') : filters.map((filter) => `(${filter})`).join(' and ');
}

/** The name of the segment that a filter asks for, where it asks for just one. */
export function segmentOf(filter: string): string | undefined {
  return /^segment "((?:[^"]|"")+)"$/.exec(filter)?.[1]?.replaceAll('""', '"');
}

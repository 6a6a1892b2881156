/** What people keep in a workspace: views, boards of them, and annotations. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { rangeSpec, type View } from '../view/view';
import { get, post, put, remove, type Schemas } from './client';
import type { Asked } from './questions';

export type SavedView = Schemas['SavedView'];
export type SavedBoard = Schemas['SavedBoard'];
export type Annotation = Schemas['KeptAnnotation'];
export type Release = Schemas['ShownRelease'];
export type NewAnnotation = Schemas['NewAnnotation'];

export function useViews(view: View): Asked<Schemas['Views']> {
  return useQuery({ queryKey: ['views', view.workspace], queryFn: ({ signal }) => get('/api/v1/views', { workspace: view.workspace, signal }) });
}

export function useBoards(view: View): Asked<Schemas['Boards']> {
  return useQuery({ queryKey: ['boards', view.workspace], queryFn: ({ signal }) => get('/api/v1/boards', { workspace: view.workspace, signal }) });
}

/** Changes something and asks again for what it concerns. */
function useChange<Given, Made>(view: View, concerns: string[], change: (given: Given) => Promise<Made>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => Promise.all(concerns.map((key) => client.invalidateQueries({ queryKey: [key, view.workspace] }))),
  });
}

export function useSaveView(view: View) {
  const { workspace } = view;
  return useChange(view, ['views'], ({ name, ...body }: Schemas['NewView'] & { name: string }) => put('/api/v1/views/{name}', body, { path: { name }, workspace }));
}

export function useRemoveView(view: View) {
  const { workspace } = view;
  return useChange(view, ['views', 'boards'], (name: string) => remove('/api/v1/views/{name}', { path: { name }, workspace }));
}

export function useSaveBoard(view: View) {
  const { workspace } = view;
  return useChange(view, ['boards'], ({ name, ...body }: Schemas['NewBoard'] & { name: string }) => put('/api/v1/boards/{name}', body, { path: { name }, workspace }));
}

export function useRemoveBoard(view: View) {
  const { workspace } = view;
  return useChange(view, ['boards'], (name: string) => remove('/api/v1/boards/{name}', { path: { name }, workspace }));
}

interface Wanted {
  enabled?: boolean;
  everything?: boolean;
}

function rangeOf(view: View, { everything }: Wanted) {
  const range = everything === true ? {} : rangeSpec(view.range);
  return { from: range.from ?? undefined, to: range.to ?? undefined, last: range.last ?? undefined };
}

/** What happened in the range of a view; with everything where `everything`. */
export function useAnnotations(view: View, options: Wanted = {}): Asked<Schemas['Annotations']> {
  const parameters = { ...rangeOf(view, options), bot: view.bot };
  return useQuery({
    queryKey: ['annotations', view.workspace, parameters],
    queryFn: ({ signal }) => get('/api/v1/annotations', { parameters, workspace: view.workspace, signal }),
    enabled: options.enabled ?? true,
    staleTime: 60_000,
  });
}

/** The new versions of bots, which nobody noted. */
export function useReleases(view: View, options: Wanted = {}): Asked<Schemas['Releases']> {
  const parameters = { ...rangeOf(view, options), ...(options.everything !== true && { bot: view.bot }), time_zone: view.zone };
  return useQuery({
    queryKey: ['releases', view.workspace, parameters],
    queryFn: ({ signal }) => get('/api/v1/releases', { parameters, workspace: view.workspace, signal }),
    enabled: options.enabled ?? true,
    staleTime: 300_000,
  });
}

export function useShowReleases(view: View) {
  const { workspace } = view;
  return useChange(view, ['releases'], (shown: boolean) => put('/api/v1/releases', { shown }, { workspace }));
}

export function useSaveAnnotation(view: View) {
  const { workspace } = view;
  return useChange(view, ['annotations'], ({ id, ...body }: NewAnnotation & { id?: string }) =>
    id === undefined ? post('/api/v1/annotations', body, { workspace }) : put('/api/v1/annotations/{id}', body, { path: { id }, workspace }),
  );
}

export function useRemoveAnnotation(view: View) {
  const { workspace } = view;
  return useChange(view, ['annotations'], (id: string) => remove('/api/v1/annotations/{id}', { path: { id }, workspace }));
}

/** A name for an address made of a title: letters, digits and hyphens. */
export function nameOf(title: string, taken: ReadonlySet<string>): string {
  const plain = title
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  const name = plain === '' ? 'view' : plain;
  for (let count = 1; ; count += 1) {
    const tried = count === 1 ? name : `${name}-${count}`;
    if (!taken.has(tried)) return tried;
  }
}

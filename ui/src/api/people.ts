/** The people of a workspace, its keys and shared views, what was done, and how mail is sent. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { View } from '../view/view';
import type { Role } from './access';
import { get, post, put, remove, type Schemas } from './client';
import type { Asked } from './questions';

export type Scope = Schemas['Scope'];

export function usePeople(view: View): Asked<Schemas['People']> {
  return useQuery({ queryKey: ['people', view.workspace], queryFn: ({ signal }) => get('/api/v1/people', { workspace: view.workspace, signal }) });
}

export function useKeys(view: View): Asked<Schemas['Keys']> {
  return useQuery({ queryKey: ['keys', view.workspace], queryFn: ({ signal }) => get('/api/v1/keys', { workspace: view.workspace, signal }) });
}

export function useShares(view: View): Asked<Schemas['Shares']> {
  return useQuery({ queryKey: ['shares', view.workspace], queryFn: ({ signal }) => get('/api/v1/shares', { workspace: view.workspace, signal }) });
}

export function useMail(view: View): Asked<Schemas['Mail']> {
  return useQuery({ queryKey: ['mail', view.workspace], queryFn: ({ signal }) => get('/api/v1/mail', { workspace: view.workspace, signal }) });
}

/** What was done, the newest first. */
export function useAudit(view: View) {
  return useInfiniteQuery({
    queryKey: ['audit', view.workspace],
    queryFn: ({ signal, pageParam }) => get('/api/v1/audit', { parameters: { limit: 100, cursor: pageParam ?? undefined }, workspace: view.workspace, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.cursor ?? null,
  });
}

function useChange<Given, Made>(view: View, concerns: string, change: (given: Given) => Promise<Made>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: [concerns, view.workspace] }) });
}

export function useInvite(view: View) {
  const { workspace } = view;
  return useChange(view, 'people', (given: { email: string; role: Role }) => post('/api/v1/people/invitations', given, { workspace }));
}

export function useUninvite(view: View) {
  const { workspace } = view;
  return useChange(view, 'people', (id: string) => remove('/api/v1/people/invitations/{id}', { path: { id }, workspace }));
}

export function useSetRole(view: View) {
  const { workspace } = view;
  return useChange(view, 'people', ({ id, role }: { id: string; role: Role }) => put('/api/v1/people/{id}', { role }, { path: { id }, workspace }));
}

export function useTakeOut(view: View) {
  const { workspace } = view;
  return useChange(view, 'people', (id: string) => remove('/api/v1/people/{id}', { path: { id }, workspace }));
}

export function useResetPassword(view: View) {
  const { workspace } = view;
  return useMutation({ mutationFn: (id: string) => post('/api/v1/people/{id}/reset', undefined as never, { path: { id }, workspace }) });
}

export function useMakeKey(view: View) {
  const { workspace } = view;
  return useChange(view, 'keys', (given: { name: string; scopes: Scope[] }) => post('/api/v1/keys', given, { workspace }));
}

export function useRevokeKey(view: View) {
  const { workspace } = view;
  return useChange(view, 'keys', (id: string) => remove('/api/v1/keys/{id}', { path: { id }, workspace }));
}

export function useMakeShare(view: View) {
  const { workspace } = view;
  return useChange(view, 'shares', (given: { name: string; view: string; expires?: string }) => post('/api/v1/shares', given, { workspace }));
}

export function useRevokeShare(view: View) {
  const { workspace } = view;
  return useChange(view, 'shares', (id: string) => remove('/api/v1/shares/{id}', { path: { id }, workspace }));
}

export function useSetMail(view: View) {
  const { workspace } = view;
  return useChange(view, 'mail', (given: Schemas['NewMail']) => put('/api/v1/mail', given, { workspace }));
}

export function useTestMail(view: View) {
  const { workspace } = view;
  return useMutation({ mutationFn: (given: Schemas['MailTest']) => post('/api/v1/mail/test', given, { workspace }) });
}

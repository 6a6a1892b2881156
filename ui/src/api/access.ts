/** Who asks, and what they may do; signing in and out; links that open something. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { useView } from '../view/use-view';
import { Failure, get, post, put, type Schemas } from './client';
import type { Asked } from './questions';

export type Me = Schemas['Me'];
export type Permission = Schemas['Permission'];
export type Role = Schemas['RoleName'];
export type LinkSeen = Schemas['LinkSeen'];

/** Who asks. Nobody, where the server asks for a sign-in. */
export function useMe(): Asked<Me> {
  const { workspace } = useView();
  return useQuery({
    queryKey: ['me', workspace],
    queryFn: ({ signal }) => get('/api/v1/me', { workspace, signal }),
    staleTime: 60_000,
    retry: (count, error) => count < 2 && error instanceof Failure && (error.status === 0 || error.status >= 502),
  });
}

/** Whether whoever looks may do something. What is not allowed is not offered; the server refuses it all the same. */
export function useMay(permission: Permission): boolean {
  const me = useMe();
  return me.data === undefined || me.data.permissions.includes(permission);
}

/** Everything is asked again: somebody else looks now. */
function useAnew() {
  const client = useQueryClient();
  return () => client.resetQueries();
}

export function useSignIn() {
  const anew = useAnew();
  return useMutation({
    mutationFn: (given: { email: string; password: string }) => post('/api/v1/sign-in', given),
    onSuccess: anew,
  });
}

/** Asks for a link for a new password by mail. The answer is the same whether the address is known. */
export function useForgotten() {
  return useMutation({ mutationFn: (email: string) => post('/api/v1/sign-in/forgotten', { email }) });
}

export function useSignOut() {
  const anew = useAnew();
  return useMutation({
    mutationFn: () => post('/api/v1/sign-out', undefined as never),
    onSuccess: anew,
  });
}

export function useLook(token: string): Asked<LinkSeen> {
  return useQuery({
    queryKey: ['link', token],
    queryFn: ({ signal }) => post('/api/v1/links/look', { token }, { signal }),
    enabled: token !== '',
    retry: false,
    staleTime: Infinity,
  });
}

export function useAccept() {
  return useMutation({
    mutationFn: (given: { token: string; name?: string; email?: string; password?: string }) => post('/api/v1/links/accept', given),
  });
}

export function useChangeMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { name?: string; digest?: boolean; password?: { old: string; new: string } }) => put('/api/v1/me', change),
    onSuccess: () => client.invalidateQueries({ queryKey: ['me'] }),
  });
}

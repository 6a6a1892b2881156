/** Erasing users, and the proofs of it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import type { View } from '../view/view';
import { get, post, type Schemas } from './client';
import type { Asked } from './questions';

export function useErasures(view: View): Asked<Schemas['Erasures']> {
  return useQuery({ queryKey: ['erasures', view.workspace], queryFn: ({ signal }) => get('/api/v1/erasures', { workspace: view.workspace, signal }) });
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

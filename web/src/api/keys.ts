import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { dataOf, type Schemas } from './client';
import { useScope } from './scope';

export type ApiKey = Schemas['Key'];
export type NewKey = Schemas['NewKey'];
export type KeyScope = Schemas['Scope'];

export function useKeys() {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'keys'],
    queryFn: ({ signal }) => dataOf(api.GET('/api/v1/api-keys', { signal })),
  });
}
function useRenewKeys() {
  const queries = useQueryClient();
  const { key } = useScope();
  return () => queries.invalidateQueries({ queryKey: [key, 'keys'] });
}
export function useCreateKey() {
  const { api } = useScope();
  const renew = useRenewKeys();
  return useMutation({
    // The answer holds the key: it is not kept once the dialog is gone.
    gcTime: 0,
    mutationFn: (body: NewKey) => dataOf(api.POST('/api/v1/api-keys', { body })),
    onSettled: renew,
  });
}
export function useRevokeKey() {
  const { api } = useScope();
  const renew = useRenewKeys();
  return useMutation({
    mutationFn: (keyId: string) =>
      dataOf(api.DELETE('/api/v1/api-keys/{keyId}', { params: { path: { keyId } } })),
    onSettled: renew,
  });
}

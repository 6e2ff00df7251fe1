import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { dataOf, type Schemas } from './client';
import { useScope } from './scope';

export type Queue = Schemas['Queue'];
export type QueueSettings = Schemas['QueueSettings'];

export function useQueues(enabled = true) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'queues'],
    enabled,
    refetchInterval: 5_000,
    queryFn: ({ signal }) => dataOf(api.GET('/api/v1/queues', { signal })),
  });
}
export function useQueue(name: string) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'queues', name],
    refetchInterval: 5_000,
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/queues/{queue}', { params: { path: { queue: name } }, signal })),
  });
}
function useRenewQueues() {
  const queries = useQueryClient();
  const { key } = useScope();
  return () => queries.invalidateQueries({ queryKey: [key, 'queues'] });
}
export function usePauseQueue() {
  const { api } = useScope();
  const renew = useRenewQueues();
  return useMutation({
    mutationFn: ({ queue, paused, reason }: { queue: string; paused: boolean; reason?: string }) =>
      paused
        ? dataOf(
            api.POST('/api/v1/queues/{queue}/pause', {
              params: { path: { queue } },
              body: reason ? { reason } : {},
            }),
          )
        : dataOf(api.POST('/api/v1/queues/{queue}/resume', { params: { path: { queue } } })),
    onSettled: renew,
  });
}
export function useChangeQueue() {
  const { api } = useScope();
  const renew = useRenewQueues();
  return useMutation({
    mutationFn: ({ queue, change }: { queue: string; change: QueueSettings }) =>
      dataOf(api.PUT('/api/v1/queues/{queue}', { params: { path: { queue } }, body: change })),
    onSettled: renew,
  });
}

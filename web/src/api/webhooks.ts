import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { doorOf } from './base';
import { dataOf, pageOf, type Schemas, send } from './client';
import { rawMember } from './raw_json';
import { useScope } from './scope';

export type Endpoint = Schemas['Endpoint'];
// The generated type wants every member that has a default.
export type NewEndpoint = Omit<Schemas['NewEndpoint'], 'enabled'>;
export type EndpointChange = Schemas['EndpointChange'];
export type EventType = Schemas['EventType'];
export type WebhookDelivery = Schemas['Delivery'];
export type DeliveryState = Schemas['DeliveryState'];
export const DELIVERY_PAGE = 50;

export function useEndpoints(enabled = true) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'endpoints'],
    enabled,
    refetchInterval: 10_000,
    queryFn: ({ signal }) => dataOf(api.GET('/api/v1/webhooks', { signal })),
  });
}
export function useEndpoint(endpointId: string, enabled = true) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'endpoints', endpointId],
    enabled,
    refetchInterval: 10_000,
    queryFn: ({ signal }) =>
      dataOf(
        api.GET('/api/v1/webhooks/{endpointId}', { params: { path: { endpointId } }, signal }),
      ),
  });
}
function useRenewEndpoints() {
  const queries = useQueryClient();
  const { key } = useScope();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: [key, 'endpoints'] }),
      queries.invalidateQueries({ queryKey: [key, 'endpoint-deliveries'] }),
      queries.invalidateQueries({ queryKey: [key, 'task-deliveries'] }),
    ]);
}
// Answers with a secret are not kept once their dialog is gone.
export function useCreateEndpoint() {
  const { api } = useScope();
  const renew = useRenewEndpoints();
  return useMutation({
    gcTime: 0,
    mutationFn: (body: NewEndpoint) =>
      dataOf(api.POST('/api/v1/webhooks', { body: body as Schemas['NewEndpoint'] })),
    onSettled: renew,
  });
}
export function useRotateSecret(endpointId: string) {
  const { api } = useScope();
  const renew = useRenewEndpoints();
  return useMutation({
    gcTime: 0,
    mutationFn: () =>
      dataOf(
        api.POST('/api/v1/webhooks/{endpointId}/rotate', { params: { path: { endpointId } } }),
      ),
    onSettled: renew,
  });
}
export function useChangeEndpoint(endpointId: string) {
  const { api } = useScope();
  const renew = useRenewEndpoints();
  return useMutation({
    mutationFn: (body: EndpointChange) =>
      dataOf(
        api.PATCH('/api/v1/webhooks/{endpointId}', { params: { path: { endpointId } }, body }),
      ),
    onSettled: renew,
  });
}
export function useRemoveEndpoint(endpointId: string) {
  const { api, key } = useScope();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      dataOf(api.DELETE('/api/v1/webhooks/{endpointId}', { params: { path: { endpointId } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: [key, 'endpoints'], exact: true }),
  });
}
export function useTestEndpoint(endpointId: string) {
  const { api } = useScope();
  const renew = useRenewEndpoints();
  return useMutation({
    mutationFn: () =>
      dataOf(api.POST('/api/v1/webhooks/{endpointId}/test', { params: { path: { endpointId } } })),
    onSettled: renew,
  });
}

// Of one endpoint, or (null) of all: the callbackUrl deliveries are found among all only.
export function useEndpointDeliveries(endpointId: string | null, state: DeliveryState | null) {
  const { api, key } = useScope();
  return useInfiniteQuery({
    queryKey: [key, 'endpoint-deliveries', endpointId, state],
    initialPageParam: null as string | null,
    refetchInterval: 10_000,
    queryFn: ({ pageParam, signal }) =>
      pageOf(
        api.GET('/api/v1/webhooks/deliveries', {
          params: {
            query: {
              limit: DELIVERY_PAGE,
              ...(endpointId === null ? {} : { endpointId }),
              ...(state === null ? {} : { state }),
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  });
}

// A delivery with its attempts, and its body as the very text that came.
interface DeliveryView {
  delivery: Schemas['DeliveryDetail'];
  body: string;
}
export function useEndpointDelivery(deliveryId: string) {
  const { scope, key } = useScope();
  return useQuery({
    queryKey: [key, 'endpoint-deliveries', 'one', deliveryId],
    queryFn: async ({ signal }): Promise<DeliveryView> => {
      const url = `${doorOf(scope)}/v1/webhooks/deliveries/${encodeURIComponent(deliveryId)}`;
      const text = await (await send(url, { signal })).text();
      return {
        delivery: JSON.parse(text) as Schemas['DeliveryDetail'],
        body: rawMember(text, 'body') ?? 'null',
      };
    },
    // Nothing tells of its attempts while they go on.
    refetchInterval: ({ state }) => {
      const now = state.data?.delivery.state;
      return now === 'WAITING' || now === 'HELD' ? 2_000 : false;
    },
  });
}
export function useRedeliverToEndpoint() {
  const { api } = useScope();
  const renew = useRenewEndpoints();
  return useMutation({
    // One after the other: a refusal of one leaves the others as they are.
    mutationFn: async (deliveryIds: string[]) => {
      let done = 0;
      let failure: unknown;
      for (const deliveryId of deliveryIds) {
        try {
          await dataOf(
            api.POST('/api/v1/webhooks/deliveries/{deliveryId}/redeliver', {
              params: { path: { deliveryId } },
            }),
          );
          done++;
        } catch (error) {
          failure = error;
        }
      }
      return { done, refused: deliveryIds.length - done, failure };
    },
    onSettled: renew,
  });
}

// What was sent, or is to be, about one task.
export function useTaskDeliveries(taskId: string, enabled: boolean) {
  const { api, key } = useScope();
  return useQuery({
    queryKey: [key, 'task-deliveries', taskId],
    enabled,
    refetchInterval: 5_000,
    queryFn: async ({ signal }) =>
      (
        await pageOf(
          api.GET('/api/v1/webhooks/deliveries', {
            params: { query: { taskId, limit: 100 } },
            signal,
          }),
        )
      ).items,
  });
}

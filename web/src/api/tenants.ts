import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { apiOf, dataOf, pageOf, type Schemas } from './client';
import { useScope } from './scope';

export type Tenant = Schemas['Tenant'];
export type Limits = Schemas['Limits'];

// The operators' own door, whatever tenant the page shows.
const operators = apiOf({ tenant: null });

const TENANT_PAGE = 100;
const OVERVIEW_TENANTS = 500;

// The eldest tenants, as many as one answer holds.
export function useTenants(enabled = true) {
  return useQuery({
    queryKey: ['all', 'tenants'],
    enabled,
    refetchInterval: 5_000,
    queryFn: ({ signal }) =>
      dataOf(
        operators.GET('/api/v1/admin/tenants', {
          params: { query: { limit: OVERVIEW_TENANTS } },
          signal,
        }),
      ),
  });
}
// Page by page; the server looks for the text, since the page holds some tenants only.
export function useTenantList(text: string) {
  return useInfiniteQuery({
    queryKey: ['all', 'tenants', 'list', text],
    initialPageParam: null as string | null,
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
    queryFn: ({ pageParam, signal }) =>
      pageOf(
        operators.GET('/api/v1/admin/tenants', {
          params: {
            query: {
              limit: TENANT_PAGE,
              ...(text === '' ? {} : { text }),
              ...(pageParam === null ? {} : { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next,
  });
}
export function useTenant(tenantId: string | null) {
  return useQuery({
    queryKey: ['all', 'tenants', tenantId],
    enabled: tenantId !== null,
    queryFn: ({ signal }) =>
      dataOf(
        operators.GET('/api/v1/admin/tenants/{tenantId}', {
          params: { path: { tenantId: tenantId ?? '' } },
          signal,
        }),
      ),
  });
}
// The name of the tenant that an operator looks at.
export function useTenantName(): string | undefined {
  const { scope } = useScope();
  return useTenant(scope.tenant).data?.tenantName;
}
function useRenewTenants() {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['all', 'tenants'] });
}
export function useSetLimits() {
  const renew = useRenewTenants();
  return useMutation({
    mutationFn: ({ tenantId, limits }: { tenantId: string; limits: Limits }) =>
      dataOf(
        operators.PATCH('/api/v1/admin/tenants/{tenantId}/limits', {
          params: { path: { tenantId } },
          body: limits,
        }),
      ),
    onSettled: renew,
  });
}
export function useSuspend() {
  const renew = useRenewTenants();
  return useMutation({
    mutationFn: ({ tenantId, reason }: { tenantId: string; reason: string | null }) => {
      const params = { params: { path: { tenantId } } };
      return reason === null
        ? dataOf(operators.POST('/api/v1/admin/tenants/{tenantId}/resume', params))
        : dataOf(
            operators.POST('/api/v1/admin/tenants/{tenantId}/suspend', {
              ...params,
              body: { reason },
            }),
          );
    },
    onSettled: renew,
  });
}

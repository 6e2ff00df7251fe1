import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { apiOf, dataOf, type Schemas } from './client';
import { useScope } from './scope';

export type Tenant = Schemas['Tenant'];
export type Limits = Schemas['Limits'];

// The operators' own door, whatever tenant the page shows.
const operators = apiOf({ tenant: null });

export function useTenants(enabled = true) {
  return useQuery({
    queryKey: ['all', 'tenants'],
    enabled,
    refetchInterval: 5_000,
    queryFn: ({ signal }) => dataOf(operators.GET('/api/v1/admin/tenants', { signal })),
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

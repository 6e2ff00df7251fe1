import type { AllMetrics } from '../api/metrics';
import type { Tenant } from '../api/tenants';

export interface ShareRow {
  tenant: Tenant;
  running: number;
  waiting: number;
  // Of all that runs now, 0 to 1; null while nothing runs.
  share: number | null;
  // What its weight gives it among the tenants that have work now.
  fair: number | null;
}

// Most held back first: who waits and gets less than its weight would give it.
export function shareRows(tenants: Tenant[], metrics: AllMetrics | undefined): ShareRow[] {
  const live = new Map(metrics?.tenants?.map((one) => [one.tenantId, one]) ?? []);
  const counted = tenants.map((tenant) => {
    const counts = live.get(tenant.tenantId) ?? tenant.counts;
    return { tenant, running: counts.running, waiting: counts.pending };
  });
  const running = counted.reduce((sum, one) => sum + one.running, 0);
  const weights = counted
    .filter((one) => one.running + one.waiting > 0)
    .reduce((sum, one) => sum + (one.tenant.limits.weight ?? 1), 0);
  const rows = counted.map((one): ShareRow => {
    const active = one.running + one.waiting > 0;
    return {
      ...one,
      share: running > 0 ? one.running / running : null,
      fair: active && weights > 0 ? (one.tenant.limits.weight ?? 1) / weights : null,
    };
  });
  const heldBack = (row: ShareRow) =>
    row.waiting > 0 ? (row.fair ?? 0) - (row.share ?? 0) : Number.NEGATIVE_INFINITY;
  return rows.sort(
    (a, b) =>
      heldBack(b) - heldBack(a) ||
      b.waiting - a.waiting ||
      a.tenant.tenantName.localeCompare(b.tenant.tenantName),
  );
}

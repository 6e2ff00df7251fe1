import { expect, it } from 'vitest';
import type { Tenant } from '../api/tenants';
import { shareRows } from './shares';

const tenant = (name: string, running: number, pending: number, weight = 1): Tenant =>
  ({
    tenantId: name,
    tenantName: name,
    limits: { weight },
    counts: { running, pending },
  }) as unknown as Tenant;

it('shows who is held back first, against its fair share', () => {
  const rows = shareRows(
    [tenant('idle', 0, 0), tenant('big', 9, 100), tenant('small', 1, 5, 3)],
    undefined,
  );
  expect(rows.map((row) => row.tenant.tenantName)).toEqual(['small', 'big', 'idle']);
  expect(rows[0]).toMatchObject({ share: 0.1, fair: 0.75 });
  expect(rows[2]).toMatchObject({ fair: null });
});

it('has no shares while nothing runs', () => {
  expect(shareRows([tenant('a', 0, 1)], undefined)[0]).toMatchObject({ share: null, fair: 1 });
});

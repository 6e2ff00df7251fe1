import { Table } from '@mantine/core';
import { Link } from 'wouter';
import type { AllMetrics } from '../../api/metrics';
import { useTenants } from '../../api/tenants';
import { ShareBar } from '../../shared/ShareBar';
import { shareRows } from '../../shared/shares';
import { numberText } from '../../ui/time';

const ROWS = 12;

// All tenants side by side, with what each gets of what runs and what its weight would give it.
export function TenantShares({ metrics }: { metrics: AllMetrics }) {
  const tenants = useTenants();
  const rows = shareRows(tenants.data ?? [], metrics).slice(0, ROWS);
  return (
    <section className="card">
      <h2>Tenants</h2>
      <Table.ScrollContainer minWidth={300}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Tenant</Table.Th>
              <Table.Th className="wide">Share of what runs</Table.Th>
              <Table.Th ta="right">Running</Table.Th>
              <Table.Th ta="right">Waiting</Table.Th>
              <Table.Th ta="right">Failed</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.tenant.tenantId}>
                <Table.Td>
                  <Link href={`/t/${row.tenant.tenantId}/`}>
                    <bdi>{row.tenant.tenantName}</bdi>
                  </Link>
                </Table.Td>
                <Table.Td className="wide">
                  <ShareBar share={row.share} fair={row.fair} />
                </Table.Td>
                <Table.Td ta="right" className="num">
                  {numberText(row.running)}
                </Table.Td>
                <Table.Td ta="right" className="num">
                  {numberText(row.waiting)}
                </Table.Td>
                <Table.Td ta="right" className="num">
                  {numberText(row.tenant.counts.failed)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Link href="/tenants">All tenants</Link>
    </section>
  );
}

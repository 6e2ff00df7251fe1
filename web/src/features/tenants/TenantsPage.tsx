import { Badge, Button, Group, Table, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { Link } from 'wouter';
import { useMetrics } from '../../api/metrics';
import { isProblem } from '../../api/problem';
import { type Tenant, useSuspend, useTenantList } from '../../api/tenants';
import { ShareBar } from '../../shared/ShareBar';
import { type ShareRow, shareRows } from '../../shared/shares';
import { IconSearch } from '../../theme/icons';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { CurlButton } from '../../ui/CurlButton';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NoneMatch, NoneYet, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { numberText, plural } from '../../ui/time';
import { LimitsDialog } from './LimitsDialog';

// Tenants for operators, page by page; those of the pages read, most held back first.
export default function TenantsPage() {
  const [text, setText] = useState('');
  const [sought] = useDebouncedValue(text.trim(), 250);
  const tenants = useTenantList(sought);
  const metrics = useMetrics('15m', true);
  const [limits, setLimits] = useState<Tenant | null>(null);
  const [asked, setAsked] = useState<Tenant | null>(null);
  const listed = tenants.data?.pages.flatMap((page) => page.items) ?? [];
  const rows = shareRows(listed, metrics.data);
  return (
    <>
      <PageHead title="Tenants">
        <TextInput
          size="xs"
          aria-label="Find a tenant"
          placeholder="Name or id"
          leftSection={<IconSearch size={14} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </PageHead>
      {tenants.isPending && <SkeletonRows />}
      {tenants.isError && !tenants.data && (
        <FailedFirst
          failure={failureOf(tenants.error, 'The tenants could not be read')}
          onRetry={() => void tenants.refetch()}
        />
      )}
      {tenants.isError && tenants.data && (
        <FailedLater
          failure={failureOf(tenants.error, 'The tenants could not be read.')}
          onRetry={() => void tenants.refetch()}
        />
      )}
      {tenants.data && listed.length === 0 && sought === '' && (
        <NoneYet
          sentence="No tenant has registered yet."
          curl={{
            method: 'POST',
            path: '/api/v1/auth/register',
            body: '{"tenantName":"me"}',
          }}
        />
      )}
      {tenants.data && listed.length === 0 && sought !== '' && !tenants.hasNextPage && (
        <NoneMatch onClear={() => setText('')} />
      )}
      {rows.length > 0 && (
        <Table.ScrollContainer minWidth={320}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Tenant</Table.Th>
                <Table.Th className="wide">Share of what runs</Table.Th>
                <Table.Th ta="right">Running of limit</Table.Th>
                <Table.Th ta="right" className="wide">
                  Weight
                </Table.Th>
                <Table.Th ta="right" className="wide">
                  Waiting
                </Table.Th>
                <Table.Th ta="right" className="wide">
                  Completed
                </Table.Th>
                <Table.Th ta="right" className="wide">
                  Failed
                </Table.Th>
                <Table.Th aria-label="Actions" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Row
                  key={row.tenant.tenantId}
                  row={row}
                  onLimits={() => setLimits(row.tenant)}
                  onSuspend={() => setAsked(row.tenant)}
                />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {tenants.hasNextPage && (
        <Button
          size="xs"
          variant="default"
          loading={tenants.isFetchingNextPage}
          onClick={() => void tenants.fetchNextPage()}
        >
          Show more tenants
        </Button>
      )}
      <LimitsDialog tenant={limits} onClose={() => setLimits(null)} />
      <SuspendDialog tenant={asked} onClose={() => setAsked(null)} />
    </>
  );
}

function Row({
  row,
  onLimits,
  onSuspend,
}: {
  row: ShareRow;
  onLimits: () => void;
  onSuspend: () => void;
}) {
  const { tenant } = row;
  return (
    <Table.Tr>
      <Table.Td>
        <Link href={`/t/${tenant.tenantId}/`} title={tenant.tenantId}>
          <bdi>{tenant.tenantName}</bdi>
        </Link>{' '}
        {tenant.suspendedAt && (
          <Badge color="red" variant="outline" title={tenant.suspendReason ?? ''}>
            {tenant.removingSince ? 'being removed' : 'suspended'}
          </Badge>
        )}
      </Table.Td>
      <Table.Td className="wide">
        <ShareBar share={row.share} fair={row.fair} />
      </Table.Td>
      <Table.Td ta="right" className="num">
        {numberText(row.running)} / {numberText(tenant.limits.runningMax ?? 0)}
      </Table.Td>
      <Table.Td ta="right" className="num wide">
        {tenant.limits.weight}
      </Table.Td>
      <Table.Td ta="right" className="num wide">
        {numberText(row.waiting)}
      </Table.Td>
      <Table.Td ta="right" className="num wide">
        {numberText(tenant.counts.completed)}
      </Table.Td>
      <Table.Td ta="right" className="num wide">
        {numberText(tenant.counts.failed)}
      </Table.Td>
      <Table.Td>
        <Group gap={6} justify="flex-end" wrap="nowrap">
          <Button
            size="compact-xs"
            variant="default"
            className="wide"
            component={Link}
            href={`/t/${tenant.tenantId}/`}
          >
            View as
          </Button>
          <Button size="compact-xs" variant="default" onClick={onLimits}>
            Limits
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            disabled={tenant.removingSince !== null}
            onClick={onSuspend}
          >
            {tenant.suspendedAt ? 'Resume' : 'Suspend'}
          </Button>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function SuspendDialog({ tenant, onClose }: { tenant: Tenant | null; onClose: () => void }) {
  const suspend = useSuspend();
  const [reason, setReason] = useState('');
  const resumes = tenant?.suspendedAt !== null;
  const answer = async (yes: boolean) => {
    if (yes && tenant) {
      try {
        await suspend.mutateAsync({ tenantId: tenant.tenantId, reason: resumes ? null : reason });
      } catch (error) {
        notifications.show({
          color: 'red',
          title: 'Not done',
          message: isProblem(error) ? error.detail || error.title : String(error),
        });
      }
    }
    setReason('');
    onClose();
  };
  const act = resumes ? 'resume' : 'suspend';
  return (
    <ConfirmDialog
      busy={suspend.isPending}
      onAnswer={(yes) => void answer(yes)}
      question={
        tenant && {
          title: resumes ? `Resume ${tenant.tenantName}?` : `Suspend ${tenant.tenantName}?`,
          verb: resumes ? 'Resume tenant' : 'Suspend tenant',
          wayOut: resumes ? 'Leave it suspended' : 'Keep it running',
          destructive: !resumes,
          body: (
            <>
              <p>
                {resumes
                  ? `Its calls are answered again, and its ${plural(tenant.counts.pending, 'waiting task')} may start.`
                  : `Its calls are refused and nothing of it starts, ${plural(tenant.counts.pending, 'waiting task')} included, until it is resumed. What runs now goes on.`}
              </p>
              {!resumes && (
                <TextInput
                  label="Reason"
                  description="Its users are told"
                  value={reason}
                  maxLength={256}
                  onChange={(event) => setReason(event.currentTarget.value)}
                />
              )}
              <CurlButton
                call={{
                  method: 'POST',
                  path: `/api/v1/admin/tenants/${tenant.tenantId}/${act}`,
                  ...(resumes ? {} : { body: JSON.stringify({ reason }) }),
                }}
              />
            </>
          ),
        }
      }
    />
  );
}

import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import { Fragment, useState } from 'react';
import { useMay } from '../../api/session_context';
import {
  type DeliveryState,
  useEndpointDeliveries,
  useRedeliverToEndpoint,
  type WebhookDelivery,
} from '../../api/webhooks';
import { DeliveryDetail } from '../../shared/DeliveryDetail';
import { RedeliverButton } from '../../shared/RedeliverButton';
import { deliveryWord } from '../../shared/states';
import { IconChevronDown, IconChevronRight } from '../../theme/icons';
import { ConfirmDialog } from '../../ui/ConfirmDialog';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NoneMatch, NoneYet, SkeletonRows } from '../../ui/ListState';
import { TimeText } from '../../ui/TimeText';
import { plural } from '../../ui/time';

// The words of the address and what they are to the API.
const RESULTS = ['all', 'waiting', 'held', 'delivered', 'failed'] as const;
const STATE_OF: Record<(typeof RESULTS)[number], DeliveryState | null> = {
  all: null,
  waiting: 'WAITING',
  held: 'HELD',
  delivered: 'DELIVERED',
  failed: 'EXHAUSTED',
};
const LABELS = {
  all: 'All',
  waiting: 'Waiting',
  held: 'Held',
  delivered: 'Delivered',
  failed: 'Given up',
};

// Deliveries of an endpoint, or (null) those to the callback URLs of tasks.
export function Deliveries({ endpointId }: { endpointId: string | null }) {
  const [result, setResult] = useQueryState(
    'result',
    parseAsStringLiteral(RESULTS).withDefault('all').withOptions({ history: 'push' }),
  );
  const [open, setOpen] = useQueryState('delivery');
  const [asked, setAsked] = useState<string[] | null>(null);
  const list = useEndpointDeliveries(endpointId, STATE_OF[result]);
  const redeliver = useRedeliverToEndpoint();
  const may = useMay('manage');
  const loaded = list.data?.pages.flatMap((page) => page.items) ?? [];
  // The API has no filter for callbacks: they are picked among all that was loaded.
  const rows = endpointId === null ? loaded.filter((one) => one.endpointId === null) : loaded;
  const failed = rows.filter((one) => one.state === 'EXHAUSTED').map((one) => one.id);
  const again = (ids: string[]) =>
    redeliver.mutate(ids, {
      onSuccess: ({ done, refused, failure }) =>
        notifications.show({
          color: refused > 0 ? 'red' : 'blue',
          message:
            refused > 0
              ? `${plural(done, 'delivery', 'deliveries')} started again, ${refused} not: ${failureOf(failure, '').detail}`
              : `${plural(done, 'delivery', 'deliveries')} started again.`,
        }),
      onSettled: () => setAsked(null),
    });
  return (
    <Stack gap="sm" component="section" aria-label="Deliveries">
      <Group justify="space-between">
        <h2>{endpointId === null ? 'To callback URLs' : 'Deliveries'}</h2>
        <Button
          size="xs"
          variant="default"
          disabled={!may || failed.length === 0}
          onClick={() => setAsked(failed)}
        >
          {failed.length === 0 ? 'Redeliver given up' : `Redeliver ${failed.length} given up`}
        </Button>
      </Group>
      <div>
        <SegmentedControl
          size="xs"
          aria-label="Result"
          value={result}
          onChange={(value) => void setResult(value as (typeof RESULTS)[number])}
          data={RESULTS.map((value) => ({ value, label: LABELS[value] }))}
        />
      </div>
      {list.data === undefined ? (
        list.error ? (
          <FailedFirst
            failure={failureOf(list.error, 'The deliveries could not be read')}
            onRetry={() => void list.refetch()}
          />
        ) : (
          <SkeletonRows />
        )
      ) : (
        <>
          {list.error && (
            <FailedLater
              failure={failureOf(list.error, 'The deliveries could not be read')}
              onRetry={() => void list.refetch()}
            />
          )}
          {rows.length === 0 &&
            (result !== 'all' && !list.hasNextPage ? (
              <NoneMatch onClear={() => void setResult('all')} />
            ) : list.hasNextPage ? (
              <Text size="sm">
                None among the newest {plural(loaded.length, 'delivery', 'deliveries')}.
              </Text>
            ) : (
              <NoneYet
                sentence={
                  endpointId === null
                    ? 'No delivery to a callback URL yet. A task with a callbackUrl makes one when it ends.'
                    : 'No delivery yet. Send a test, or submit a task.'
                }
              />
            ))}
          {rows.map((one) => (
            <Fragment key={one.id}>
              <Row
                of={one}
                open={open === one.id}
                onToggle={() => void setOpen(open === one.id ? null : one.id)}
              />
              {open === one.id && <DeliveryDetail deliveryId={one.id} />}
            </Fragment>
          ))}
          {list.hasNextPage && (
            <Group>
              <Button
                variant="default"
                size="xs"
                loading={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {rows.length === 0 ? 'Keep looking' : 'Older deliveries'}
              </Button>
            </Group>
          )}
        </>
      )}
      <ConfirmDialog
        question={
          asked && {
            title: `Redeliver ${plural(asked.length, 'delivery', 'deliveries')}?`,
            body: 'Each starts its schedule of attempts again. Receivers may get an event twice: its webhook-id is the same.',
            verb: `Redeliver ${asked.length}`,
            wayOut: 'Leave them',
          }
        }
        busy={redeliver.isPending}
        onAnswer={(yes) => (yes && asked ? again(asked) : setAsked(null))}
      />
    </Stack>
  );
}

function Row({
  of: one,
  open,
  onToggle,
}: {
  of: WebhookDelivery;
  open: boolean;
  onToggle: () => void;
}) {
  return (
    <Group justify="space-between" gap="xs" mih={36}>
      <Button
        variant="subtle"
        size="compact-sm"
        aria-expanded={open}
        leftSection={open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
        onClick={onToggle}
      >
        {deliveryWord(one)} · {one.type}
      </Button>
      <Group gap="md">
        {one.callbackUrl && (
          <Text size="sm" className="mono" truncate maw={260} title={one.callbackUrl}>
            <bdi>{one.callbackUrl}</bdi>
          </Text>
        )}
        <Text size="sm" component="div">
          {plural(one.attempts, 'attempt')}, <TimeText at={one.createdAt} />
        </Text>
        <RedeliverButton delivery={one} />
      </Group>
    </Group>
  );
}

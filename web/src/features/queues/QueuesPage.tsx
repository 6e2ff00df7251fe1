import { Button, Progress, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useMetrics } from '../../api/metrics';
import { type Queue, useQueues } from '../../api/queues';
import { PauseButton } from '../../shared/PauseButton';
import { IconPlayerPause } from '../../theme/icons';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NoneYet, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { Since } from '../../ui/TimeText';
import { numberText } from '../../ui/time';
import { drainText, type Flow, flowOf, oldestFirst, rateText } from './rates';

export default function QueuesPage() {
  const queues = useQueues();
  const metrics = useMetrics('15m').data;
  const windowMs = metrics ? Date.parse(metrics.window.to) - Date.parse(metrics.window.from) : 0;
  const flow = (name: string) =>
    flowOf(
      metrics?.queues.find((one) => one.queue === name),
      windowMs,
    );
  return (
    <>
      <PageHead title="Queues" />
      {queues.data === undefined ? (
        queues.error ? (
          <FailedFirst
            failure={failureOf(queues.error, 'The queues could not be read')}
            onRetry={() => void queues.refetch()}
          />
        ) : (
          <SkeletonRows />
        )
      ) : queues.data.length === 0 ? (
        <NoneYet
          sentence="No queue yet. A queue begins with the first task that names it."
          action={
            <Button component={Link} href="/submit?first=1">
              Submit a task
            </Button>
          }
          curl={{ method: 'PUT', path: '/api/v1/queues/mail', body: '{}' }}
        />
      ) : (
        <>
          {queues.error && (
            <FailedLater
              failure={failureOf(queues.error, 'The queues could not be read')}
              onRetry={() => void queues.refetch()}
            />
          )}
          <Table.ScrollContainer minWidth={320} scrollAreaProps={{ tabIndex: 0 }}>
            <Table verticalSpacing={4}>
              <Table.Caption>
                Oldest first. Rates and drain times are of the last 15 min.
              </Table.Caption>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Queue</Table.Th>
                  <Table.Th ta="right">Waiting</Table.Th>
                  <Table.Th ta="right" className="wide">
                    Scheduled
                  </Table.Th>
                  <Table.Th ta="right">Oldest</Table.Th>
                  <Table.Th className="wide">Running</Table.Th>
                  <Table.Th ta="right" className="wide">
                    In, out a second
                  </Table.Th>
                  <Table.Th className="wide">Drains</Table.Th>
                  <Table.Th aria-label="Actions" />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {oldestFirst(queues.data).map((queue) => (
                  <Row key={queue.name} queue={queue} flow={flow(queue.name)} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
    </>
  );
}

function Row({ queue, flow }: { queue: Queue; flow: Flow | null }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Link href={`/queues/${encodeURIComponent(queue.name)}`} className="mono">
          {queue.name}
        </Link>
        {queue.paused && (
          <Text size="xs">
            <IconPlayerPause size={12} aria-hidden /> Paused
            {queue.pauseReason && (
              <>
                : <bdi>{queue.pauseReason}</bdi>
              </>
            )}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right" className="num" title={queue.pending.toLocaleString('en-US')}>
        {numberText(queue.pending)}
      </Table.Td>
      <Table.Td ta="right" className="num wide" title={queue.scheduled.toLocaleString('en-US')}>
        {numberText(queue.scheduled)}
      </Table.Td>
      <Table.Td ta="right">
        {queue.oldestReadyAt ? <Since from={queue.oldestReadyAt} /> : '–'}
      </Table.Td>
      <Table.Td className="wide">
        <RunningOf queue={queue} />
      </Table.Td>
      <Table.Td ta="right" className="num wide">
        {flow ? `${rateText(flow.inPerS)}, ${rateText(flow.outPerS)}` : '–'}
      </Table.Td>
      <Table.Td className="wide">{drainText(queue.pending, queue.paused, flow)}</Table.Td>
      <Table.Td ta="right">
        <PauseButton queue={queue} />
      </Table.Td>
    </Table.Tr>
  );
}

// A gauge with its number; without a limit the number alone.
export function RunningOf({ queue }: { queue: Queue }) {
  const { running, concurrencyLimit: limit } = queue;
  if (limit === null) return <span className="num">{numberText(running)}</span>;
  return (
    <>
      <span className="num">
        {numberText(running)} of {numberText(limit)}
      </span>
      <Progress
        size="sm"
        w={90}
        value={Math.min(100, (running / limit) * 100)}
        aria-label={`${running} of ${limit} run`}
      />
    </>
  );
}

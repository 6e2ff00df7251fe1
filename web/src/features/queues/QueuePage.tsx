import { Button, SimpleGrid, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { useMetrics } from '../../api/metrics';
import { isProblem } from '../../api/problem';
import { useQueue } from '../../api/queues';
import { PauseButton } from '../../shared/PauseButton';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NotFound, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { Since, TimeText } from '../../ui/TimeText';
import { numberText } from '../../ui/time';
import { RunningOf } from './QueuesPage';
import { drainText, flowOf, rateText } from './rates';
import { SettingsForm } from './SettingsForm';

export default function QueuePage() {
  const name = decodeURIComponent(useParams<{ name: string }>().name ?? '');
  const found = useQueue(name);
  const metrics = useMetrics('15m').data;
  if (!found.data) {
    if (isProblem(found.error) && found.error.status === 404)
      return (
        <NotFound sentence="No such queue here. A queue begins with the first task that names it." />
      );
    return (
      <>
        <PageHead title={name} />
        {found.error ? (
          <FailedFirst
            failure={failureOf(found.error, 'The queue could not be read')}
            onRetry={() => void found.refetch()}
          />
        ) : (
          <SkeletonRows />
        )}
      </>
    );
  }
  const queue = found.data;
  const rates = metrics?.queues.find((one) => one.queue === name);
  const windowMs = metrics ? Date.parse(metrics.window.to) - Date.parse(metrics.window.from) : 0;
  const flow = flowOf(rates, windowMs);
  const tasks = `/tasks?queue=${encodeURIComponent(name)}`;
  return (
    <Stack gap="md">
      <PageHead title={<>Queue {queue.name}</>}>
        <Button component={Link} href={tasks} size="xs" variant="default">
          Its tasks
        </Button>
        <PauseButton queue={queue} />
      </PageHead>
      {found.error && (
        <FailedLater
          failure={failureOf(found.error, 'The queue could not be read')}
          onRetry={() => void found.refetch()}
        />
      )}
      {queue.paused && (
        <Text className="card" role="status">
          Paused: nothing of it starts until it is resumed.
          {queue.pauseReason ? (
            <>
              {' '}
              Reason: <bdi>{queue.pauseReason}</bdi>
            </>
          ) : (
            ' No reason was given.'
          )}
        </Text>
      )}
      <SimpleGrid cols={{ base: 2, md: 5 }} spacing="sm">
        <Fact label="Waiting">
          <Link href={`${tasks}&status=PENDING`}>{numberText(queue.pending)}</Link>
        </Fact>
        <Fact label="Scheduled">
          <Link href={`${tasks}&status=SCHEDULED`}>{numberText(queue.scheduled)}</Link>
        </Fact>
        <Fact label="Oldest">
          {queue.oldestReadyAt ? <Since from={queue.oldestReadyAt} /> : '–'}
        </Fact>
        <Fact label="Running">
          <RunningOf queue={queue} />
        </Fact>
        <Fact label="In, out a second">
          {flow ? `${rateText(flow.inPerS)}, ${rateText(flow.outPerS)}` : '–'}
        </Fact>
      </SimpleGrid>
      <Text size="sm">
        {sentence(drainText(queue.pending, queue.paused, flow))} Rates are of the last 15 min.
        Created <TimeText at={queue.createdAt} />.
      </Text>
      <SettingsForm key={queue.name} queue={queue} runMs={rates?.runMs.p50 ?? null} />
    </Stack>
  );
}

const sentence = (words: string): string =>
  words === '–' ? '' : `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="card">
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="lg" component="div" className="num">
        {children}
      </Text>
    </div>
  );
}

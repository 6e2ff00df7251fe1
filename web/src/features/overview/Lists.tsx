import { Progress, Table } from '@mantine/core';
import { Link } from 'wouter';
import { type AllMetrics, type Range, useErrorGroups } from '../../api/metrics';
import { useNewestTasks, useUpcomingTasks } from '../../api/tasks';
import { Since, TimeText, useTimeWidth } from '../../ui/TimeText';
import { numberText } from '../../ui/time';
import classes from './Overview.module.css';
import { groupLink, successText } from './rules';

const ROWS = 6;

// The lists to dig in: queues by oldest, what fails most, what runs, what is next.
export function QueueList({ metrics }: { metrics: AllMetrics }) {
  const queues = [...metrics.queues]
    .filter((queue) => (queue.pending ?? 0) + (queue.running ?? 0) + (queue.scheduled ?? 0) > 0)
    .sort((a, b) => (a.oldestReadyAt ?? '9').localeCompare(b.oldestReadyAt ?? '9'))
    .slice(0, ROWS);
  return (
    <section className="card">
      <h2>Queues by oldest</h2>
      {queues.length === 0 && <p className="dim">Nothing waits or runs.</p>}
      <Table>
        <Table.Tbody>
          {queues.map((queue) => (
            <Table.Tr key={queue.queue}>
              <Table.Td>
                <Link href={`/queues/${encodeURIComponent(queue.queue)}`}>{queue.queue}</Link>
              </Table.Td>
              <Table.Td ta="right" className="num">
                {numberText(queue.pending ?? 0)} waiting
              </Table.Td>
              <Table.Td ta="right">
                {queue.oldestReadyAt ? <Since from={queue.oldestReadyAt} /> : '–'}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

// A tenant's failures in groups by name and error, each a link to its tasks.
export function ErrorList({ range }: { range: Range }) {
  const { data, isPending } = useErrorGroups(range);
  const groups = data?.errors.slice(0, ROWS) ?? [];
  const timeWidth = useTimeWidth();
  return (
    <section className="card">
      <h2>What fails most</h2>
      {!isPending && groups.length === 0 && <p className="dim">Nothing failed in this range.</p>}
      {data && !data.exact && <p className={classes.note}>Of the latest 10,000 failures.</p>}
      <Table layout="fixed">
        <Table.Tbody>
          {groups.map((group) => (
            <Table.Tr key={group.fingerprint}>
              <Table.Td className={classes.error} title={group.errorMessage}>
                <Link href={groupLink(group)}>
                  <bdi>{group.taskName}</bdi>
                </Link>{' '}
                <bdi className="dim">{group.errorMessage}</bdi>
              </Table.Td>
              <Table.Td ta="right" w={64} className="num">
                {numberText(group.count)}
              </Table.Td>
              <Table.Td ta="right" w={timeWidth + 20}>
                <TimeText at={group.lastAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

// Over all tenants only names are counted: their errors are their own.
export function FailingList({ metrics }: { metrics: AllMetrics }) {
  const names = [...metrics.taskNames]
    .filter((one) => one.failed > 0)
    .sort((a, b) => b.failed - a.failed)
    .slice(0, ROWS);
  return (
    <section className="card">
      <h2>What fails most</h2>
      {names.length === 0 && <p className="dim">Nothing failed in this range.</p>}
      <Table>
        <Table.Tbody>
          {names.map((one) => (
            <Table.Tr key={one.taskName}>
              <Table.Td>
                <bdi>{one.taskName}</bdi>
              </Table.Td>
              <Table.Td ta="right" className="num" w={110}>
                {numberText(one.failed)} failed
              </Table.Td>
              <Table.Td ta="right" className="num" w={130}>
                {successText(one)} succeed
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

const RUNNING = { status: ['RUNNING'] };

export function RunningList() {
  const { data = [] } = useNewestTasks(RUNNING, ROWS, 2_000);
  return (
    <section className="card">
      <h2>Running now</h2>
      {data.length === 0 && <p className="dim">Nothing runs.</p>}
      <Table>
        <Table.Tbody>
          {data.map((task) => (
            <Table.Tr key={task.taskId}>
              <Table.Td>
                <Link href={`/tasks/${task.taskId}`}>
                  <bdi>{task.taskName}</bdi>
                </Link>
              </Table.Td>
              <Table.Td w={90}>
                {task.progress?.percent !== undefined && task.progress?.percent !== null && (
                  <Progress
                    value={task.progress.percent}
                    aria-label={`${task.progress.percent} %`}
                  />
                )}
              </Table.Td>
              <Table.Td ta="right">{task.startedAt && <Since from={task.startedAt} />}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

export function NextList() {
  const { data = [] } = useUpcomingTasks();
  return (
    <section className="card">
      <h2>Next due</h2>
      {data.length === 0 && <p className="dim">Nothing is scheduled.</p>}
      <Table>
        <Table.Tbody>
          {data.map((task) => (
            <Table.Tr key={task.taskId}>
              <Table.Td>
                <Link href={`/tasks/${task.taskId}`}>
                  <bdi>{task.taskName}</bdi>
                </Link>
              </Table.Td>
              <Table.Td ta="right">
                <TimeText at={task.nextAttemptAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}

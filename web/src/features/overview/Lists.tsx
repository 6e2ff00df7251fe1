import { Progress, Table } from '@mantine/core';
import { Link } from 'wouter';
import type { AllMetrics } from '../../api/metrics';
import { useNewestTasks } from '../../api/tasks';
import { Since, TimeText } from '../../ui/TimeText';
import { numberText } from '../../ui/time';
import classes from './Overview.module.css';
import { successText } from './rules';

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

export function FailingList({ metrics, links }: { metrics: AllMetrics; links: boolean }) {
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
                {links ? (
                  <Link href={`/tasks?status=FAILED&name=${encodeURIComponent(one.taskName)}`}>
                    {one.taskName}
                  </Link>
                ) : (
                  one.taskName
                )}
              </Table.Td>
              <Table.Td ta="right" className="num">
                {numberText(one.failed)} failed
              </Table.Td>
              <Table.Td ta="right" className="num">
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
const SCHEDULED = { status: ['SCHEDULED'] };

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
                <Link href={`/tasks/${task.taskId}`}>{task.taskName}</Link>
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
  const { data = [] } = useNewestTasks(SCHEDULED, 50, 5_000);
  const next = [...data]
    .sort((a, b) => (a.nextAttemptAt ?? '9').localeCompare(b.nextAttemptAt ?? '9'))
    .slice(0, ROWS);
  return (
    <section className="card">
      <h2>Next due</h2>
      <p className={classes.note}>Of the 50 submitted last.</p>
      {next.length === 0 && <p className="dim">Nothing is scheduled.</p>}
      <Table>
        <Table.Tbody>
          {next.map((task) => (
            <Table.Tr key={task.taskId}>
              <Table.Td>
                <Link href={`/tasks/${task.taskId}`}>{task.taskName}</Link>
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

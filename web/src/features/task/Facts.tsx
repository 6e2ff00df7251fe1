import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { TaskDetail } from '../../api/tasks';
import { attemptsBegun } from '../../shared/states';
import { CopyButton } from '../../ui/CopyButton';
import { Duration, TimeText } from '../../ui/TimeText';
import { durationText } from '../../ui/time';
import classes from './Facts.module.css';
import { comingDelays } from './timeline';

type Target = NonNullable<TaskDetail['target']>;

function targetWords(target: Target | null): string {
  if (!target) return 'the queue’s default';
  if (target.type === 'http') return `${target.method ?? 'POST'} ${target.url}`;
  return target.type === 'worker' ? 'a worker' : 'the built-in echo';
}

function attemptsText(task: TaskDetail): string {
  const begun = `${attemptsBegun(task)} of ${task.maxRetries} begun`;
  return task.run > 1 ? `${begun} in run ${task.run}` : begun;
}

// What was asked for, as a list of names and values; what was not given is left out.
export function Facts({ task }: { task: TaskDetail }) {
  const coming = comingDelays(task);
  const rows: [string, ReactNode][] = [
    [
      'Id',
      <span key="id" className="mono">
        {task.taskId} <CopyButton text={task.taskId} label="Copy the id" />
      </span>,
    ],
    [
      'Queue',
      <Link key="queue" href={`/queues/${encodeURIComponent(task.queue)}`}>
        <bdi>{task.queue}</bdi>
      </Link>,
    ],
    [
      'Others',
      <Link key="name" href={`/tasks?name=${encodeURIComponent(task.taskName)}`}>
        All «<bdi>{task.taskName}</bdi>»
      </Link>,
    ],
    ['Target', <bdi key="target">{targetWords(task.target as Target | null)}</bdi>],
    ['Priority', task.priority],
    ['Attempts', attemptsText(task)],
  ];
  if (task.scheduledFor)
    rows.push(['Scheduled for', <TimeText key="due" at={task.scheduledFor} exact />]);
  if (task.nextAttemptAt)
    rows.push(['Next attempt', <TimeText key="next" at={task.nextAttemptAt} />]);
  if (coming.length > 0) {
    rows.push(['If it fails', `again after about ${coming.map(durationText).join(', then ')}`]);
  }
  if (task.expiresAt) rows.push(['Expires', <TimeText key="expires" at={task.expiresAt} exact />]);
  if (task.timeoutMs) rows.push(['Timeout', <Duration key="timeout" ms={task.timeoutMs} />]);
  if (task.leaseExpiresAt)
    rows.push(['Lease ends', <TimeText key="lease" at={task.leaseExpiresAt} />]);
  if (task.worker) rows.push(['Worker', <bdi key="worker">{task.worker}</bdi>]);
  if (task.callbackUrl) rows.push(['Callback', <bdi key="callback">{task.callbackUrl}</bdi>]);
  if (task.tags.length > 0) rows.push(['Tags', <bdi key="tags">{task.tags.join(', ')}</bdi>]);
  for (const [name, value] of Object.entries(task.labels)) {
    rows.push([`Label ${name}`, <bdi key={name}>{value}</bdi>]);
  }
  return (
    <dl className={classes.facts}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>
            <bdi>{name}</bdi>
          </dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

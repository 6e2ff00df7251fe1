import { Progress } from '@mantine/core';
import type { TaskSummary } from '../../api/tasks';
import { attemptsBegun } from '../../shared/states';
import { isStatus } from '../../theme/status';
import type { Column } from '../../ui/DataTable';
import { StatusBadge } from '../../ui/StatusBadge';
import { Duration, Since, TimeText } from '../../ui/TimeText';
import classes from './columns.module.css';

const ms = (from: string | null, to: string | null): number | null =>
  from && to ? Math.max(0, Date.parse(to) - Date.parse(from)) : null;

// The last word on a row: what failed, why it waits, how far it is.
export function Remark({ task }: { task: TaskSummary }) {
  if (task.status === 'RUNNING' && task.progress) {
    const percent = task.progress.percent ?? undefined;
    return (
      <span className={classes.progress}>
        {percent !== undefined && <Progress value={percent} w={60} aria-label={`${percent} %`} />}
        <span className="num">{percent !== undefined ? `${percent} %` : ''}</span>{' '}
        <bdi>{task.progress.text}</bdi>
      </span>
    );
  }
  if (task.status === 'SCHEDULED' && task.nextAttemptAt) return <Later task={task} />;
  if (task.errorMessage) return <bdi title={task.errorMessage}>{task.errorMessage}</bdi>;
  if (task.waiting) {
    return (
      <span className="dim" title={task.waiting.detail}>
        {task.waiting.reason.replaceAll('_', ' ')}
      </span>
    );
  }
  return <span className="dim">–</span>;
}

function Later({ task }: { task: TaskSummary }) {
  return (
    <span className="dim">
      {task.retryCount > 0 ? 'next attempt ' : 'due '}
      <TimeText at={task.nextAttemptAt} />
      {task.errorMessage && (
        <>
          : <bdi title={task.errorMessage}>{task.errorMessage}</bdi>
        </>
      )}
    </span>
  );
}

// How long it has waited, or waited before its first attempt: the list tells no more of later ones.
function Wait({ task }: { task: TaskSummary }) {
  // Of a destination, `since` says how long it has not responded, which is not this task's wait.
  const ofItsOwn = !task.waiting?.reason.startsWith('destination_');
  if (task.status === 'PENDING' && task.waiting?.since && ofItsOwn) {
    return <Since from={task.waiting.since} />;
  }
  if (task.status === 'PENDING' && !ofItsOwn) {
    return <Since from={task.scheduledFor ?? task.submittedAt} />;
  }
  const first = task.run === 1 && task.attempt === 1;
  return <Duration ms={first ? ms(task.scheduledFor ?? task.submittedAt, task.startedAt) : null} />;
}

function Run({ task }: { task: TaskSummary }) {
  if (!task.startedAt) return <span className="dim">–</span>;
  if (task.status === 'RUNNING') return <Since from={task.startedAt} />;
  return <Duration ms={ms(task.startedAt, task.completedAt)} />;
}

export const COLUMNS: Column<TaskSummary>[] = [
  {
    id: 'status',
    title: 'Status',
    width: '112px',
    phone: 1,
    cell: (task) => (isStatus(task.status) ? <StatusBadge status={task.status} /> : task.status),
  },
  {
    id: 'task',
    title: 'Task',
    width: 'minmax(100px, 2fr)',
    phone: 1,
    fills: true,
    cell: (task) => <bdi>{task.taskName}</bdi>,
  },
  {
    id: 'queue',
    title: 'Queue',
    width: 'minmax(80px, 1fr)',
    phone: 1,
    cell: (task) => <bdi className="mono">{task.queue}</bdi>,
  },
  {
    id: 'priority',
    title: 'P',
    width: '28px',
    align: 'right',
    cell: (task) => <span className="num">{task.priority}</span>,
  },
  {
    id: 'created',
    title: 'Created',
    width: '116px',
    phone: 2,
    cell: (task) => <TimeText at={task.submittedAt} />,
  },
  {
    id: 'wait',
    title: 'Wait',
    width: '76px',
    align: 'right',
    cell: (task) => <Wait task={task} />,
  },
  { id: 'run', title: 'Run', width: '76px', align: 'right', cell: (task) => <Run task={task} /> },
  {
    id: 'attempts',
    title: 'Attempts',
    width: '76px',
    align: 'right',
    phone: 2,
    cell: (task) => (
      <span className="num">
        {attemptsBegun(task)}/{task.maxRetries}
      </span>
    ),
  },
  {
    id: 'id',
    title: 'Id',
    width: '120px',
    cell: (task) => (
      <span className="mono" title={task.taskId}>
        {task.taskId.slice(0, 8)}…{task.taskId.slice(-4)}
      </span>
    ),
  },
  {
    id: 'tags',
    title: 'Tags',
    width: 'minmax(80px, 1fr)',
    cell: (task) => <bdi>{task.tags.join(', ')}</bdi>,
  },
  {
    id: 'remark',
    title: 'What matters',
    width: 'minmax(100px, 3fr)',
    phone: 2,
    fills: true,
    cell: (task) => <Remark task={task} />,
  },
];
// Shown until somebody chooses.
export const DEFAULT_COLUMNS = [
  'status',
  'task',
  'queue',
  'priority',
  'created',
  'wait',
  'run',
  'attempts',
  'remark',
];

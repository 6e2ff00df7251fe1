import { Progress } from '@mantine/core';
import type { TaskSummary } from '../../api/tasks';
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
        {task.progress.text}
      </span>
    );
  }
  if (task.errorMessage) return <span title={task.errorMessage}>{task.errorMessage}</span>;
  if (task.status === 'SCHEDULED' && task.nextAttemptAt) {
    return (
      <span className="dim">
        {task.retryCount > 0 ? 'tried again ' : 'due '}
        <TimeText at={task.nextAttemptAt} />
      </span>
    );
  }
  if (task.waiting) {
    return (
      <span className="dim" title={task.waiting.detail}>
        {task.waiting.reason.replaceAll('_', ' ')}
      </span>
    );
  }
  return <span className="dim">–</span>;
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
    width: 'minmax(120px, 2fr)',
    phone: 1,
    fills: true,
    cell: (task) => task.taskName,
  },
  {
    id: 'queue',
    title: 'Queue',
    width: 'minmax(80px, 1fr)',
    phone: 1,
    cell: (task) => <span className="mono">{task.queue}</span>,
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
    cell: (task) => <Duration ms={ms(task.scheduledFor ?? task.submittedAt, task.startedAt)} />,
  },
  { id: 'run', title: 'Run', width: '84px', align: 'right', cell: (task) => <Run task={task} /> },
  {
    id: 'attempts',
    title: 'Tries',
    width: '52px',
    align: 'right',
    phone: 2,
    cell: (task) => (
      <span className="num">
        {task.retryCount}/{task.maxRetries}
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
    cell: (task) => task.tags.join(', '),
  },
  {
    id: 'remark',
    title: 'What matters',
    width: 'minmax(160px, 3fr)',
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

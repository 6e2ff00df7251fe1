import { Alert, Group, Progress } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useQueryState } from 'nuqs';
import { useCallback, useEffect } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import type { News } from '../../api/live';
import { useNews, useWatch } from '../../api/live_context';
import { isProblem } from '../../api/problem';
import { useScope } from '../../api/scope';
import { useMay } from '../../api/session_context';
import { type TaskDetail, type TaskView, useTask } from '../../api/tasks';
import { useTaskDeliveries } from '../../api/webhooks';
import { neighboursOf, wayBackToList } from '../../shared/neighbours';
import { isStatus, STATUS_LOOK } from '../../theme/status';
import { useNow } from '../../ui/clock';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NotFound, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { usePageKeys } from '../../ui/page_keys';
import { StatusBadge } from '../../ui/StatusBadge';
import { TimeText } from '../../ui/TimeText';
import { Actions } from './Actions';
import { Attempts } from './Attempts';
import { Body } from './Body';
import { Facts } from './Facts';
import { Log } from './Log';
import classes from './TaskPage.module.css';
import { Timeline } from './Timeline';
import { whyOf } from './timeline';

export default function TaskPage() {
  const { id = '' } = useParams<{ id: string }>();
  const found = useTask(id);
  useTaskNews(id);
  if (found.data)
    return <Content view={found.data} failed={found.error} onRetry={() => void found.refetch()} />;
  if (found.isPending) return <SkeletonRows rows={12} />;
  if (isProblem(found.error) && found.error.status === 404) {
    return (
      <NotFound sentence="No such task here. It may have been removed, or belong to another tenant." />
    );
  }
  return (
    <FailedFirst
      failure={failureOf(found.error, 'The task could not be read')}
      onRetry={() => void found.refetch()}
    />
  );
}

// Reads the task again when something is told of it.
function useTaskNews(id: string) {
  const queries = useQueryClient();
  const { key } = useScope();
  useWatch([id]);
  useNews(
    useCallback(
      (news: News) => {
        const touched =
          news.topic === 'reset' ||
          (news.topic === 'tasks' && news.changed.some((one) => one.taskId === id));
        if (!touched) return;
        void queries.invalidateQueries({ queryKey: [key, 'task', id] });
        void queries.invalidateQueries({ queryKey: [key, 'task-deliveries', id] });
      },
      [queries, key, id],
    ),
  );
}

function Content({
  view,
  failed,
  onRetry,
}: {
  view: TaskView;
  failed: unknown;
  onRetry: () => void;
}) {
  const { task } = view;
  const mayManage = useMay('manage');
  const deliveries = useTaskDeliveries(task.taskId, mayManage);
  const [open, setOpen] = useQueryState('open');
  const waits = task.status === 'PENDING' || task.status === 'SCHEDULED';
  const why = whyOf(task, useNow(waits));
  useEffect(() => {
    const sign = isStatus(task.status) ? STATUS_LOOK[task.status].sign : '';
    document.title = `${sign} ${task.taskName} · Belfry`;
  }, [task.status, task.taskName]);
  return (
    <>
      <Ways taskId={task.taskId} />
      <PageHead
        title={
          <>
            <bdi>{task.taskName}</bdi>{' '}
            {isStatus(task.status) && <StatusBadge status={task.status} />}
          </>
        }
      >
        <Actions task={task} />
      </PageHead>
      {Boolean(failed) && (
        <FailedLater failure={failureOf(failed, 'The task could not be read.')} onRetry={onRetry} />
      )}
      {why && (
        <Alert
          mb="sm"
          variant="outline"
          color={task.status === 'FAILED' ? 'red' : 'gray'}
          title={task.status === 'FAILED' ? 'Why it failed' : 'Why'}
        >
          {why.before}
          {why.quoted && <bdi>{why.quoted}</bdi>}
          {why.after}
        </Alert>
      )}
      {task.status === 'RUNNING' && task.progress && <ProgressLine task={task} />}
      <div className={classes.columns}>
        <section>
          <h2>Timeline</h2>
          <Timeline
            task={task}
            deliveries={deliveries.data ?? []}
            open={open}
            onOpen={(key) => void setOpen(key)}
          />
          {task.attempts.length > 1 && <Attempts attempts={task.attempts} />}
          {task.logs.length > 0 && <Log lines={task.logs} />}
        </section>
        <section>
          <h2>Details</h2>
          <Facts task={task} />
          <Body title="Payload" raw={view.payload} file={`${task.taskId}.payload.json`} />
          <Body title="Result" raw={view.result} file={`${task.taskId}.result.json`} />
        </section>
      </div>
    </>
  );
}

// Back to the list, and on to its neighbours there.
function Ways({ taskId }: { taskId: string }) {
  const [, navigate] = useLocation();
  const { previous, next } = neighboursOf(taskId);
  usePageKeys({
    '[': () => previous && navigate(`/tasks/${previous}`),
    ']': () => next && navigate(`/tasks/${next}`),
  });
  return (
    <Group component="nav" aria-label="Around this task" gap="sm" mb={4} fz="sm">
      <Link {...wayBackToList(window.location.pathname)}>Tasks</Link>
      {previous && <Link href={`/tasks/${previous}`}>Previous</Link>}
      {next && <Link href={`/tasks/${next}`}>Next</Link>}
    </Group>
  );
}

function ProgressLine({ task }: { task: TaskDetail }) {
  const { progress } = task;
  if (!progress) return null;
  return (
    <div className={classes.progress}>
      {progress.percent !== null && (
        <Progress value={progress.percent} flex={1} aria-label={`${progress.percent} %`} />
      )}
      <span>
        {progress.percent !== null && `${progress.percent} % `}
        <bdi>{progress.text}</bdi> {progress.at && <TimeText at={progress.at} />}
      </span>
    </div>
  );
}

import { Alert, Button, Code, Group, Progress } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useQueryState } from 'nuqs';
import { useCallback, useEffect, useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import type { News } from '../../api/live';
import { useNews, useWatch } from '../../api/live_context';
import { isProblem } from '../../api/problem';
import { useScope } from '../../api/scope';
import { useMay } from '../../api/session_context';
import {
  type TaskDetail,
  type TaskView,
  useCancelTask,
  useRetryTask,
  useTask,
} from '../../api/tasks';
import { useTaskDeliveries } from '../../api/webhooks';
import { neighboursOf, wayBackToList } from '../../shared/neighbours';
import { isFinished, isStatus, STATUS_LOOK } from '../../theme/status';
import { ConfirmDialog, type Question } from '../../ui/ConfirmDialog';
import { CurlButton } from '../../ui/CurlButton';
import { useNow } from '../../ui/clock';
import { failureOf } from '../../ui/failure';
import { FailedFirst, FailedLater, NotFound, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { usePageKeys } from '../../ui/page_keys';
import { StatusBadge } from '../../ui/StatusBadge';
import { TimeText } from '../../ui/TimeText';
import { Attempts } from './Attempts';
import { Body } from './Body';
import { Facts } from './Facts';
import classes from './TaskPage.module.css';
import { Timeline } from './Timeline';
import { whySentence } from './timeline';

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
  const why = whySentence(task, useNow(task.status === 'PENDING'));
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
            {task.taskName} {isStatus(task.status) && <StatusBadge status={task.status} />}
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
          {why}
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
          {task.logs.length > 0 && (
            <>
              <h2>Log</h2>
              <Code block className={classes.log} tabIndex={0}>
                {task.logs.map((line) => `${line.at.slice(11, 23)}  ${line.line}`).join('\n')}
              </Code>
            </>
          )}
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
        {progress.text} {progress.at && <TimeText at={progress.at} />}
      </span>
    </div>
  );
}

function Actions({ task }: { task: TaskDetail }) {
  const cancel = useCancelTask();
  const retry = useRetryTask();
  const may = useMay('tasks:write');
  const [asked, setAsked] = useState<'cancel' | 'retry' | null>(null);
  const finished = isStatus(task.status) && isFinished(task.status);
  usePageKeys({
    r: () => may && finished && setAsked('retry'),
    Delete: () => may && !finished && setAsked('cancel'),
    y: () => void navigator.clipboard.writeText(task.taskId),
    'shift+y': () => void navigator.clipboard.writeText(window.location.href),
  });
  const answer = async (yes: boolean) => {
    const verb = asked;
    if (!yes || !verb) return setAsked(null);
    try {
      await (verb === 'cancel' ? cancel : retry).mutateAsync(task.taskId);
    } catch (error) {
      notifications.show({
        color: 'red',
        title: verb === 'cancel' ? 'Not cancelled' : 'Not retried',
        message: isProblem(error) ? error.detail || error.title : String(error),
      });
    }
    setAsked(null);
  };
  const path = `/api/v1/tasks/${task.taskId}`;
  return (
    <>
      {finished ? (
        <Button disabled={!may} onClick={() => setAsked('retry')}>
          Retry
        </Button>
      ) : (
        <Button color="red" disabled={!may} onClick={() => setAsked('cancel')}>
          Cancel task
        </Button>
      )}
      <Button variant="default" component={Link} href={`/submit?from=${task.taskId}`}>
        Clone
      </Button>
      <CurlButton
        shortcut
        call={
          finished
            ? { method: 'POST', path: `${path}/retry`, body: '{}' }
            : { method: 'DELETE', path }
        }
      />
      <ConfirmDialog
        question={asked && QUESTIONS[asked]}
        busy={cancel.isPending || retry.isPending}
        onAnswer={(yes) => void answer(yes)}
      />
    </>
  );
}

const QUESTIONS: Record<'cancel' | 'retry', Question> = {
  cancel: {
    title: 'Cancel this task?',
    body: 'If it runs, its attempt is aborted and what it has done stays done.',
    verb: 'Cancel task',
    wayOut: 'Keep it',
    destructive: true,
  },
  retry: {
    title: 'Run this task again?',
    body: 'A new run begins at once, with all its attempts. Its end is a new event.',
    verb: 'Retry task',
    wayOut: 'Leave it',
  },
};

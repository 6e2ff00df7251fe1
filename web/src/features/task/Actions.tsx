import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { Link } from 'wouter';
import { useMay } from '../../api/session_context';
import { type TaskDetail, useCancelTask, useRetryTask } from '../../api/tasks';
import { isFinished, isStatus } from '../../theme/status';
import { ConfirmDialog, type Question } from '../../ui/ConfirmDialog';
import { CurlButton } from '../../ui/CurlButton';
import { failureOf } from '../../ui/failure';
import { usePageKeys } from '../../ui/page_keys';

type Verb = 'cancel' | 'retry';

// What can be done with the task. Each button keeps its place: what cannot be done now is disabled,
// so that no press meant for one meets another.
export function Actions({ task }: { task: TaskDetail }) {
  const cancel = useCancelTask();
  const retry = useRetryTask();
  const may = useMay('tasks:write');
  const [asked, setAsked] = useState<Verb | null>(null);
  const finished = isStatus(task.status) && isFinished(task.status);
  const can: Record<Verb, boolean> = { retry: may && finished, cancel: may && !finished };
  usePageKeys({
    r: () => can.retry && setAsked('retry'),
    Delete: () => can.cancel && setAsked('cancel'),
    y: () => void navigator.clipboard.writeText(task.taskId),
    'shift+y': () => void navigator.clipboard.writeText(window.location.href),
  });
  const answer = async (yes: boolean) => {
    const verb = asked;
    if (!yes || !verb) return setAsked(null);
    try {
      await (verb === 'cancel' ? cancel : retry).mutateAsync(task.taskId);
    } catch (error) {
      const failure = failureOf(error, verb === 'cancel' ? 'Not cancelled' : 'Not retried');
      notifications.show({ color: 'red', title: failure.what, message: failure.detail });
    }
    setAsked(null);
  };
  const whyNot = (verb: Verb) => {
    if (can[verb]) return undefined;
    if (!may) return 'Needs the scope tasks:write';
    return verb === 'retry' ? 'Only a finished task is retried' : 'It has finished';
  };
  const path = `/api/v1/tasks/${task.taskId}`;
  return (
    <>
      <Button disabled={!can.retry} title={whyNot('retry')} onClick={() => setAsked('retry')}>
        Retry
      </Button>
      <Button
        color="red"
        disabled={!can.cancel}
        title={whyNot('cancel')}
        onClick={() => setAsked('cancel')}
      >
        Cancel
      </Button>
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

const QUESTIONS: Record<Verb, Question> = {
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

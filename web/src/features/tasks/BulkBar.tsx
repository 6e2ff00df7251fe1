import { Button, Code, Group, List, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { isProblem } from '../../api/problem';
import type { BulkAnswer, BulkRequest, BulkVerb } from '../../api/tasks';
import { useBulk } from '../../api/tasks';
import { ConfirmDialog, type Question } from '../../ui/ConfirmDialog';
import { curlText } from '../../ui/curl';
import { plural } from '../../ui/time';
import classes from './BulkBar.module.css';

const WORDS = {
  cancel: { verb: 'Cancel', done: 'Cancelled', wayOut: 'Keep them', why: 'had finished already' },
  retry: { verb: 'Retry', done: 'Retried', wayOut: 'Leave them', why: 'had not finished' },
} as const;
// From here on the count is typed.
const TYPED_FROM = 1_000;

interface Props {
  selected: ReadonlySet<string>;
  // Of the selected: how many each verb would act on, as far as the loaded rows tell.
  unfinished: number;
  finished: number;
  // All that match, if the list is filtered; null if it is not (an empty filter is never sent).
  matching: BulkRequest | null;
  onDone: () => void;
  onClear: () => void;
}

interface Pending {
  verb: BulkVerb;
  request: BulkRequest;
  tried: BulkAnswer;
}

// Selected rows, or all that match: tried out first, asked, then the very same object is sent.
export function BulkBar({ selected, unfinished, finished, matching, onDone, onClear }: Props) {
  const bulk = useBulk();
  const [pending, setPending] = useState<Pending | null>(null);
  const [busy, setBusy] = useState(false);
  const ids = [...selected];
  const ask = async (verb: BulkVerb, request: BulkRequest) => {
    setBusy(true);
    try {
      setPending({ verb, request, tried: await bulk.tryOut(verb, request) });
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  const answer = async (yes: boolean) => {
    const given = pending;
    if (!yes || !given) return setPending(null);
    try {
      const told = await bulk.send.mutateAsync(given);
      notifications.show({
        message: resultText(given.verb, told),
        color: told.skipped ? 'yellow' : 'green',
      });
      onDone();
    } catch (error) {
      complain(error);
    }
    setPending(null);
  };
  const picked = ids.length > 0;
  return (
    <>
      {(picked || matching) && (
        <Group className={classes.bar} gap="xs" role="region" aria-label="Several tasks">
          {picked ? (
            <>
              <Text size="sm" fw={600}>
                {plural(ids.length, 'task')} selected
              </Text>
              <Button
                size="xs"
                disabled={finished === 0}
                loading={busy}
                onClick={() => void ask('retry', { taskIds: ids })}
              >
                Retry {finished}
              </Button>
              <Button
                size="xs"
                color="red"
                disabled={unfinished === 0}
                loading={busy}
                onClick={() => void ask('cancel', { taskIds: ids })}
              >
                Cancel {unfinished}
              </Button>
              <Button
                size="xs"
                variant="default"
                onClick={() => void navigator.clipboard.writeText(ids.join('\n'))}
              >
                Copy ids
              </Button>
              <Button size="xs" variant="subtle" onClick={onClear}>
                Clear
              </Button>
            </>
          ) : (
            matching && (
              <>
                <Text size="sm" c="dimmed">
                  All that match:
                </Text>
                <Button
                  size="xs"
                  variant="default"
                  loading={busy}
                  onClick={() => void ask('retry', matching)}
                >
                  Retry…
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  loading={busy}
                  onClick={() => void ask('cancel', matching)}
                >
                  Cancel…
                </Button>
              </>
            )
          )}
        </Group>
      )}
      <ConfirmDialog
        question={pending && questionOf(pending)}
        busy={bulk.send.isPending}
        onAnswer={(yes) => void answer(yes)}
      />
    </>
  );
}

function questionOf({ verb, request, tried }: Pending): Question {
  const words = WORDS[verb];
  const tasks = plural(tried.done, 'task');
  return {
    title: tried.done === 0 ? `Nothing to ${verb}` : `${words.verb} ${tasks}?`,
    verb: `${words.verb} ${tasks}`,
    wayOut: words.wayOut,
    destructive: verb === 'cancel',
    ...(tried.done >= TYPED_FROM ? { typed: String(tried.done) } : {}),
    body: (
      <Stack gap="xs">
        {!tried.exact && (
          <Text size="sm">
            More match; these are the newest {tried.matched}. Do it again for the rest.
          </Text>
        )}
        {tried.skipped > 0 && (
          <Text size="sm">
            {plural(tried.skipped, 'task')} will be left alone: {words.why}.
          </Text>
        )}
        {tried.samples.length > 0 && (
          <List size="sm">
            {tried.samples.map((task) => (
              <List.Item key={task.taskId}>
                {task.taskName} <span className="mono dim">{task.taskId}</span>
              </List.Item>
            ))}
            {tried.done > tried.samples.length && (
              <List.Item>… and {tried.done - tried.samples.length} more</List.Item>
            )}
          </List>
        )}
        <details>
          <summary>The same as curl</summary>
          <Code block tabIndex={0} mah={200}>
            {curlText({
              method: 'POST',
              path: `/api/v1/tasks/${verb}`,
              body: JSON.stringify(request),
            })}
          </Code>
        </details>
      </Stack>
    ),
  };
}

function resultText(verb: BulkVerb, told: BulkAnswer): string {
  const words = WORDS[verb];
  return told.skipped > 0
    ? `${words.done} ${told.done}, ${told.skipped} ${words.why}.`
    : `${words.done} ${plural(told.done, 'task')}.`;
}

function complain(error: unknown): void {
  notifications.show({
    color: 'red',
    title: 'Not done',
    message: isProblem(error) ? error.detail || error.title : String(error),
  });
}

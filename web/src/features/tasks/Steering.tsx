import { Badge, Button, Code, Group, List, Progress, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { type ReactNode, useRef, useState } from 'react';
import { isProblem } from '../../api/problem';
import {
  type BulkAnswer,
  type BulkRequest,
  type BulkVerb,
  bulkBody,
  useBulk,
} from '../../api/tasks';
import { STATUS_LOOK } from '../../theme/status';
import { ConfirmDialog, type Question } from '../../ui/ConfirmDialog';
import { curlText } from '../../ui/curl';
import { now, numberText, plural } from '../../ui/time';
import { type Aim, requestsFor, statesFor } from './steering';

const WORDS = {
  cancel: { verb: 'Cancel', done: 'Cancelled', wayOut: 'Keep them', why: 'had finished already' },
  retry: { verb: 'Retry', done: 'Retried', wayOut: 'Leave them', why: 'had not finished' },
} as const;
// From here on the count is typed.
const TYPED_FROM = 1_000;

interface Plan {
  verb: BulkVerb;
  aim: Aim;
  requests: BulkRequest[];
  tried: BulkAnswer;
}

export interface Steering {
  ask: (verb: BulkVerb, aim: Aim) => void;
  busy: boolean;
  dialog: ReactNode;
}

// Cancels and retries: tried out first, asked, then the very same calls are sent.
export function useSteering(onDone: () => void): Steering {
  const bulk = useBulk();
  const [plan, setPlan] = useState<Plan | null>(null);
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<BulkAnswer | null>(null);
  const stopped = useRef(false);
  const ask = async (verb: BulkVerb, aim: Aim) => {
    setBusy(true);
    try {
      const requests = requestsFor(verb, aim, new Date(now()).toISOString());
      setPlan({ verb, aim, requests, tried: await bulk.tryOut(verb, requests) });
    } catch (error) {
      complain(error);
    }
    setBusy(false);
  };
  const stop = () => {
    stopped.current = true;
  };
  const act = async (given: Plan) => {
    stopped.current = false;
    setBusy(true);
    try {
      const result = await bulk.send(given.verb, given.requests, (sofar) => {
        setTold(sofar);
        return stopped.current ? 'stop' : 'go on';
      });
      notifications.show({
        message: resultText(given.verb, result),
        color: result.skipped ? 'yellow' : 'green',
      });
      onDone();
    } catch (error) {
      complain(error);
    }
    setBusy(false);
    setTold(null);
    setPlan(null);
  };
  const answer = (yes: boolean) => {
    if (yes && plan) void act(plan);
    else if (busy) stop();
    else setPlan(null);
  };
  return {
    ask: (verb, aim) => void ask(verb, aim),
    busy: busy && plan === null,
    dialog: (
      <ConfirmDialog
        question={plan && questionOf(plan, busy ? told : null, stop)}
        busy={busy && plan !== null}
        onAnswer={answer}
      />
    ),
  };
}

function questionOf(plan: Plan, told: BulkAnswer | null, onStop: () => void): Question {
  const { verb, tried } = plan;
  const words = WORDS[verb];
  const tasks = tried.exact ? plural(tried.done, 'task') : `over ${numberText(tried.done)} tasks`;
  return {
    title: tried.done === 0 ? `Nothing to ${verb}` : `${words.verb} ${tasks}?`,
    verb: `${words.verb} ${tasks}`,
    wayOut: words.wayOut,
    destructive: verb === 'cancel',
    ...(tried.done >= TYPED_FROM ? { typed: String(tried.done) } : {}),
    body: (
      <Stack gap="xs">
        <AimText plan={plan} />
        {!tried.exact && (
          <Text size="sm">
            More match than were looked at: they are taken {numberText(tried.matched)} at a time,
            the newest first, until none is left.
          </Text>
        )}
        {tried.skipped > 0 && (
          <Text size="sm">
            {plural(tried.skipped, 'task')} will be left alone: {words.why}.
          </Text>
        )}
        <Samples tried={tried} />
        {told && (
          <Group gap="sm" role="status">
            <Progress
              flex={1}
              value={tried.exact ? (told.matched / Math.max(1, tried.matched)) * 100 : 100}
              animated={!tried.exact}
              aria-label={`${words.done} ${told.done}`}
            />
            <Text size="sm" className="num">
              {words.done} {numberText(told.done)}
            </Text>
            <Button size="compact-xs" variant="default" onClick={onStop}>
              Stop
            </Button>
          </Group>
        )}
        <Calls plan={plan} />
      </Stack>
    ),
  };
}

// What it acts on, in words.
function AimText({ plan: { aim, verb } }: { plan: Plan }) {
  if ('ids' in aim) return <Text size="sm">{plural(aim.ids.length, 'selected task')}.</Text>;
  return (
    <>
      <Group gap={6}>
        <Text size="sm">All that match now:</Text>
        {aim.words.map((words) => (
          <Badge key={words} variant="outline" tt="none" fw={500}>
            {words}
          </Badge>
        ))}
      </Group>
      <Text size="sm">
        Of these, only what is{' '}
        {statesFor(verb, aim.filter)
          .map((status) => STATUS_LOOK[status].word)
          .join(', ')}
        ; the rest is left alone.
      </Text>
    </>
  );
}

function Samples({ tried }: { tried: BulkAnswer }) {
  if (tried.samples.length === 0) return null;
  return (
    <List size="sm">
      {tried.samples.map((task) => (
        <List.Item key={task.taskId}>
          {task.taskName} <span className="mono dim">{task.taskId}</span>
        </List.Item>
      ))}
      {tried.done > tried.samples.length && (
        <List.Item>
          … and {tried.exact ? '' : 'over '}
          {numberText(tried.done - tried.samples.length)} more
        </List.Item>
      )}
    </List>
  );
}

function Calls({ plan: { verb, requests } }: { plan: Plan }) {
  const [first] = requests;
  if (!first) return null;
  return (
    <details>
      <summary>
        The same as curl{requests.length > 1 ? ` (the first of ${requests.length} calls)` : ''}
      </summary>
      <Code block tabIndex={0} mah={200}>
        {curlText({
          method: 'POST',
          path: `/api/v1/tasks/${verb}`,
          body: bulkBody(first, false),
        })}
      </Code>
    </details>
  );
}

function resultText(verb: BulkVerb, told: BulkAnswer): string {
  const words = WORDS[verb];
  const rest = told.exact ? '' : ' More match.';
  return told.skipped > 0
    ? `${words.done} ${numberText(told.done)}, ${numberText(told.skipped)} ${words.why}.${rest}`
    : `${words.done} ${plural(told.done, 'task')}.${rest}`;
}

function complain(error: unknown): void {
  notifications.show({
    color: 'red',
    title: 'Not done',
    message: isProblem(error) ? error.detail || error.title : String(error),
  });
}

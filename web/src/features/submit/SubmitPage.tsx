import { Alert, Button, Code, Collapse, Grid, Group, Stack, Tabs, Text } from '@mantine/core';
import { type FormEvent, lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useMetrics } from '../../api/metrics';
import { isProblem } from '../../api/problem';
import { useQueues } from '../../api/queues';
import { indented } from '../../api/raw_json';
import { useMay } from '../../api/session_context';
import { useSubmitTask, useTask } from '../../api/tasks';
import { IconChevronDown, IconSend } from '../../theme/icons';
import { CopyButton } from '../../ui/CopyButton';
import { curlText } from '../../ui/curl';
import { failureOf } from '../../ui/failure';
import { FailedFirst, SkeletonRows } from '../../ui/ListState';
import { PageHead } from '../../ui/PageHead';
import { zoneName } from '../../ui/time';
import { clientCall } from './calls';
import {
  bodyOf,
  cloneDraft,
  type Draft,
  differing,
  emptyDraft,
  type Fault,
  faultsOf,
  firstDraft,
} from './draft';
import { fieldOf, homeless, isFolded } from './form';
import { MainFields } from './MainFields';
import { sentenceOf } from './sentence';
import { WhenField } from './WhenField';

// Most tasks need none of these, and they weigh as much as the rest of the form.
const fetchMore = () => import('./MoreFields');
const MoreFields = lazy(fetchMore);

export default function SubmitPage() {
  const query = new URLSearchParams(useSearch());
  const from = query.get('from');
  const first = query.get('first') !== null;
  if (from) return <Clone key={from} taskId={from} />;
  return (
    <SubmitForm
      key={first ? 'first' : 'new'}
      title={first ? 'Submit your first task' : 'Submit task'}
      start={first ? firstDraft(zoneName()) : emptyDraft(zoneName())}
    />
  );
}

function Clone({ taskId }: { taskId: string }) {
  const task = useTask(taskId);
  // What it was when it was read: later news of the original leave the form alone.
  const [start, setStart] = useState<Draft>();
  useEffect(() => {
    if (task.data) setStart((known) => known ?? cloneDraft(task.data, zoneName(), indented));
  }, [task.data]);
  if (start) return <SubmitForm title={`Clone of ${start.taskName}`} start={start} original />;
  if (task.error)
    return (
      <>
        <PageHead title="Clone a task" />
        <FailedFirst
          failure={failureOf(task.error, 'The original could not be read')}
          onRetry={() => void task.refetch()}
        />
      </>
    );
  return (
    <>
      <PageHead title="Clone a task" />
      <SkeletonRows rows={12} />
    </>
  );
}

function SubmitForm({
  title,
  start,
  original = false,
}: {
  title: string;
  start: Draft;
  original?: boolean;
}) {
  const [draft, setDraft] = useState(start);
  const [more, setMore] = useState(false);
  const everMore = useRef(false);
  everMore.current ||= more;
  const [pressed, setPressed] = useState(false);
  const [answered, setAnswered] = useState<Fault[]>([]);
  const [, navigate] = useLocation();
  const may = useMay('tasks:write');
  const names = useMetrics('24h').data?.taskNames.map((one) => one.taskName) ?? [];
  const queues = useQueues();
  const submit = useSubmitTask();
  // One key until it is answered: a second press cannot make two.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const alert = useRef<HTMLDivElement>(null);

  const own = useMemo(() => faultsOf(draft), [draft]);
  const shown = [...own.filter((one) => pressed || one.pointer !== '/taskName'), ...answered];
  const body = useMemo(() => bodyOf(draft), [draft]);
  const changed = useMemo(
    () => (original ? differing(start, draft) : new Set<string>()),
    [original, start, draft],
  );
  const part = {
    draft,
    change: (next: Partial<Draft>) => {
      setDraft((last) => ({ ...last, ...next }));
      setAnswered([]);
    },
    faultAt: (pointer: string) => shown.find((one) => fieldOf(one.pointer) === pointer)?.detail,
    label: (words: string, member: string) => (changed.has(member) ? `${words} · changed` : words),
  };

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setPressed(true);
    if (own.length > 0) {
      if (own.some((one) => isFolded(one.pointer))) setMore(true);
      return;
    }
    try {
      const task = await submit.mutateAsync({ body, key });
      navigate(`/tasks/${task.taskId}`);
    } catch (error) {
      if (!isProblem(error)) return;
      // Refused: nothing was made, and the next press is a new submission.
      if (error.status >= 400 && error.status < 500 && error.status !== 429)
        setKey(crypto.randomUUID());
      setAnswered(error.faults);
      if (error.faults.some((one) => isFolded(one.pointer))) setMore(true);
      alert.current?.focus();
    }
  };
  const queue = queues.data?.find((one) => one.name === (draft.queue.trim() || 'default'));
  const failure = submit.error ? failureOf(submit.error, 'Not submitted') : null;
  return (
    <form onSubmit={(event) => void send(event)} noValidate>
      <PageHead title={title} />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="sm" maw={720}>
            {original && (
              <Text size="sm" role="status">
                {changed.size === 0
                  ? 'Nothing differs from the original yet. Its times were left out.'
                  : `Differs from the original in: ${[...changed].join(', ')}.`}
              </Text>
            )}
            <MainFields
              {...part}
              names={names}
              queues={queues.data?.map((one) => one.name) ?? []}
            />
            <WhenField {...part} />
            <div>
              <Button
                variant="subtle"
                size="xs"
                aria-expanded={more}
                leftSection={<IconChevronDown size={14} />}
                onPointerEnter={() => void fetchMore()}
                onFocus={() => void fetchMore()}
                onClick={() => setMore(!more)}
              >
                More: priority, retries, tags and others
              </Button>
              <Collapse expanded={more}>
                {everMore.current && (
                  <Suspense fallback={<SkeletonRows rows={12} />}>
                    <MoreFields {...part} />
                  </Suspense>
                )}
              </Collapse>
            </div>
            <div ref={alert} tabIndex={-1}>
              {failure && (
                <Alert color="red" variant="outline" role="alert" title={failure.what}>
                  {failure.detail}
                  {homeless(answered).map((one) => (
                    <div key={one.pointer}>
                      <span className="mono">{one.pointer}</span>: {one.detail}
                    </div>
                  ))}
                </Alert>
              )}
            </div>
            <Group>
              <Button
                type="submit"
                loading={submit.isPending}
                disabled={!may}
                leftSection={<IconSend size={16} />}
              >
                Submit task
              </Button>
              {!may && <Text size="sm">Needs the scope tasks:write.</Text>}
              {pressed && own.length > 0 && (
                <Text size="sm" c="var(--bad)" role="alert">
                  {own[0]?.detail}
                </Text>
              )}
            </Group>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Beside draft={draft} body={body} idempotencyKey={key} retry={queue?.retry} />
        </Grid.Col>
      </Grid>
    </form>
  );
}

function Beside({
  draft,
  body,
  idempotencyKey,
  retry,
}: {
  draft: Draft;
  body: string;
  idempotencyKey: string;
  retry: Parameters<typeof sentenceOf>[1];
}) {
  const broken = faultsOf(draft).some((one) => one.pointer === '/payload');
  const texts = {
    curl: curlText({
      method: 'POST',
      path: '/api/v1/tasks',
      headers: [`Idempotency-Key: ${idempotencyKey}`],
      body,
    }),
    'C++': clientCall(draft),
    JSON: broken ? body : indented(body),
  };
  return (
    <Stack gap="sm" component="section" aria-label="What will be sent">
      <Text className="card" aria-live="polite">
        {sentenceOf(draft, retry)}
      </Text>
      <Tabs defaultValue="curl" keepMounted={false}>
        <Tabs.List>
          {Object.keys(texts).map((name) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(texts).map(([name, text]) => (
          <Tabs.Panel key={name} value={name} pt="xs">
            <Code block tabIndex={0} mah={480}>
              {text.length > 8_192 ? `${text.slice(0, 8_192)}\n… (copying takes all of it)` : text}
            </Code>
            <Group mt="xs">
              <CopyButton text={text} label={`Copy ${name}`} words={`Copy ${name}`} />
            </Group>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  );
}

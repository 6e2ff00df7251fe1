import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEffect } from 'react';
import { Link } from 'wouter';
import type { Counts } from '../../api/live';
import { useMay, useSession } from '../../api/session_context';
import { useNewestTasks } from '../../api/tasks';
import { useEndpoints } from '../../api/webhooks';
import { IconCheck } from '../../theme/icons';
import { CurlText } from '../../ui/CurlText';
import { type CurlCall, curlText } from '../../ui/curl';
import { usePreference } from '../../ui/preferences';
import classes from './Overview.module.css';
import { type StepId, stepsDone } from './steps';

interface Step {
  id: StepId;
  title: string;
  words: ReactNode;
  call: CurlCall;
}
const STEPS: Step[] = [
  {
    id: 'submit',
    title: 'Submit a task',
    words: <Link href="/submit?first=1">Submit your first task</Link>,
    call: {
      method: 'POST',
      path: '/api/v1/tasks',
      body: '{"taskName":"hello","payload":{"to":"world"},"target":{"type":"echo"}}',
    },
  },
  {
    id: 'watch',
    title: 'Watch it run',
    words: (
      <>
        It opens by itself, live; all of them stand under <Link href="/tasks">Tasks</Link>.
      </>
    ),
    call: { method: 'GET', path: '/api/v1/tasks' },
  },
  {
    id: 'connect',
    title: 'Connect a handler or a worker',
    words: (
      <>
        Name your handler’s address as the target when you <Link href="/submit">submit</Link>, or
        let workers ask for tasks.
      </>
    ),
    call: { method: 'POST', path: '/api/v1/leases', body: '{"max":10,"waitMs":20000}' },
  },
  {
    id: 'hear',
    title: 'Be told when it is done',
    words: <Link href="/webhooks">Add a webhook</Link>,
    call: {
      method: 'POST',
      path: '/api/v1/webhooks',
      body: '{"url":"https://example.com/hook"}',
    },
  },
];

const NEWEST = 50;
const ANY = {};

// Which steps the server knows to be done; undefined until it has told.
function useStepsDone(counts: Counts): ReadonlySet<StepId> | undefined {
  const mayManage = useMay('manage');
  const endpoints = useEndpoints(mayManage);
  const newest = useNewestTasks(ANY, NEWEST, 15_000);
  if (!newest.data || (mayManage && !endpoints.data)) return undefined;
  return stepsDone(counts, newest.data, endpoints.data?.length ?? 0);
}

// What to do while there is no task at all, at length.
export function FirstSteps({ counts }: { counts: Counts }) {
  const done = useStepsDone(counts);
  return (
    <ol className={classes.steps} aria-label="First steps">
      {STEPS.map((step) => (
        <li key={step.id} className="card">
          <h2>
            <Tick done={done?.has(step.id) ?? false} /> {step.title}
          </h2>
          <p>{step.words}</p>
          <CurlText text={curlText(step.call)} />
        </li>
      ))}
    </ol>
  );
}

// What is left to do, until all of it is done or somebody puts it away.
export function StepsLeft({ counts }: { counts: Counts }) {
  const tenant = useSession().session.tenantId ?? '';
  const [settled, setSettled] = usePreference('settledIn');
  if (settled.includes(tenant)) return null;
  return <Left counts={counts} onOver={() => setSettled([...settled, tenant].slice(-20))} />;
}

function Left({ counts, onOver }: { counts: Counts; onOver: () => void }) {
  const done = useStepsDone(counts);
  const over = done?.size === STEPS.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once, when it comes to be
  useEffect(() => {
    if (over) onOver();
  }, [over]);
  if (!done || over) return null;
  return (
    <section className={`card ${classes.below}`} aria-label="First steps">
      <Group justify="space-between">
        <h2>
          First steps ({done.size} of {STEPS.length})
        </h2>
        <Button size="compact-xs" variant="default" onClick={onOver}>
          Hide
        </Button>
      </Group>
      <ol className={classes.left}>
        {STEPS.map((step) => (
          <li key={step.id}>
            <Tick done={done.has(step.id)} />
            <span>{done.has(step.id) ? step.title : step.words}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Tick({ done }: { done: boolean }) {
  return done ? (
    <IconCheck size={16} color="var(--good)" role="img" aria-label="Done" />
  ) : (
    <span className="dim" aria-hidden>
      ○
    </span>
  );
}

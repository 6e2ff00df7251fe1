import { expect, it } from 'vitest';
import type { TaskDetail } from '../../api/tasks';
import { comingDelays, runsOf, spanOf, whySentence } from './timeline';

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 12, 0, second)).toISOString();
const attempt = (number: number, run: number, from: number, to: number | null) => ({
  number,
  run,
  outcome: to === null ? ('running' as const) : ('failed' as const),
  startedAt: at(from),
  finishedAt: to === null ? null : at(to),
  durationMs: to === null ? null : (to - from) * 1_000,
  errorMessage: 'no',
  httpStatus: 503,
  worker: null,
});
const task = (some: object): TaskDetail =>
  ({
    status: 'FAILED',
    submittedAt: at(0),
    scheduledFor: null,
    completedAt: at(9),
    run: 1,
    retryCount: 2,
    maxRetries: 2,
    retry: null,
    errorMessage: 'no',
    waiting: null,
    attempts: [attempt(1, 1, 1, 2), attempt(2, 1, 5, 9)],
    ...some,
  }) as unknown as TaskDetail;

it('tells one story from submission to the end', () => {
  const [run] = runsOf(task({}), []);
  expect(run?.moments.map((one) => one.key)).toEqual([
    'submitted',
    'wait-1',
    'attempt-1',
    'wait-2',
    'attempt-2',
    'end',
  ]);
  expect(run && spanOf(run, 0)).toEqual({ from: Date.parse(at(0)), to: Date.parse(at(9)) });
});

it('keeps runs apart, the newest first', () => {
  const runs = runsOf(
    task({ run: 2, completedAt: null, attempts: [attempt(1, 1, 1, 2), attempt(2, 2, 30, null)] }),
    [],
  );
  expect(runs.map((one) => one.run)).toEqual([2, 1]);
  expect(runs[0]?.moments.map((one) => one.key)).toEqual(['attempt-2']);
  expect(runs[0] && spanOf(runs[0], Date.parse(at(40))).to).toBe(Date.parse(at(40)));
});

it('says why', () => {
  const waits = (waiting: object) =>
    whySentence(task({ status: 'PENDING', waiting }), Date.parse(at(40)));
  expect(whySentence(task({}), 0)).toBe(
    'Attempt 2 was answered 503: no. All attempts of this run are used up. Mend the cause and retry, or clone it with changes.',
  );
  expect(waits({ reason: 'not_due', detail: 'its time has not come yet', since: null })).toBe(
    'Its time has not come yet.',
  );
  const paused = { reason: 'queue_paused', detail: 'resume it', since: at(0) };
  expect(waits({ ...paused, ahead: 0 })).toBe(
    'Resume it. It waits for 40.0 s. It is the next of its queue.',
  );
  expect(waits({ ...paused, ahead: 12, expectedStartAt: at(52) })).toBe(
    'Resume it. It waits for 40.0 s. In its queue, 12 come first. At the pace of the last five minutes it starts in about 12.0 s.',
  );
  expect(waits({ ...paused, ahead: 10_000 })).toContain('10,000 or more come first');
  expect(whySentence(task({ status: 'COMPLETED' }), 0)).toBeNull();
});

it('knows the attempts to come', () => {
  expect(comingDelays(task({ retryCount: 0, maxRetries: 4 }))).toEqual([1_000, 2_000, 4_000]);
  const linear = { backoff: 'linear', initialMs: 500, maxMs: 800, maxAttempts: 4, jitter: 0 };
  expect(comingDelays(task({ retryCount: 0, maxRetries: 4, retry: linear }))).toEqual([
    500, 800, 800,
  ]);
  expect(comingDelays(task({}))).toEqual([]);
});

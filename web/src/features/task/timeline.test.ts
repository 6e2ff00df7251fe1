import { expect, it } from 'vitest';
import type { TaskDetail } from '../../api/tasks';
import { comingDelays, runsOf, spanOf, statusToTell, whyOf } from './timeline';

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

it('tells no wait that is shorter than a blink', () => {
  const after = (ms: number) => new Date(Date.parse(at(2)) + ms).toISOString();
  const keys = (ms: number) => {
    const second = { ...attempt(2, 1, 5, 9), startedAt: after(ms) };
    return runsOf(task({ attempts: [attempt(1, 1, 0, 2), second] }), [])[0]?.moments.map(
      (one) => one.key,
    );
  };
  expect(keys(4)).toEqual(['submitted', 'attempt-1', 'attempt-2', 'end']);
  expect(keys(5)).toContain('wait-2');
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

it('shows since when it waits', () => {
  const open = (some: object) =>
    runsOf(task({ completedAt: null, ...some }), [])[0]?.moments.at(-1);
  const since = { reason: 'no_worker', detail: 'no worker', since: at(3) };
  expect(open({ status: 'PENDING', attempts: [], retryCount: 0, waiting: since })).toMatchObject({
    kind: 'wait',
    at: at(3),
    until: null,
    words: 'waits',
  });
  // A retry that is put off names no moment: it waits since its last attempt.
  const putOff = { reason: 'retry_backoff', detail: 'waits', since: null };
  expect(open({ status: 'SCHEDULED', retryCount: 1, waiting: putOff })).toMatchObject({
    kind: 'wait',
    at: at(9),
    until: null,
    words: 'waits for the next attempt',
  });
  expect(open({ status: 'RUNNING' })?.kind).toBe('attempt');
});

const whyText = (some: object, now: number): string | null => {
  const why = whyOf(task(some), now);
  return why && `${why.before}${why.quoted ?? ''}${why.after}`;
};

it('says why', () => {
  const waits = (waiting: object) => whyText({ status: 'PENDING', waiting }, Date.parse(at(40)));
  expect(whyText({}, 0)).toBe(
    'Attempt 2 was answered 503: no. All attempts of this run are used up. Mend the cause and retry, or clone it with changes.',
  );
  expect(waits({ reason: 'not_due', detail: 'its time has not come yet', since: null })).toBe(
    'Its time has not come yet.',
  );
  const paused = { reason: 'queue_paused', detail: 'resume it', since: at(0) };
  expect(waits({ ...paused, ahead: 0 })).toBe(
    'Resume it. It has waited for 40.0 s. It is the next of its queue.',
  );
  expect(waits({ ...paused, ahead: 12, expectedStartAt: at(52) })).toBe(
    'Resume it. It has waited for 40.0 s. In its queue, 12 come first. At the pace of the last five minutes it starts in about 12.0 s.',
  );
  expect(waits({ ...paused, ahead: 10_000 })).toContain('10,000 or more come first');
  expect(whyText({ status: 'COMPLETED' }, 0)).toBeNull();
});

it('says when the next attempt comes', () => {
  const putOff = { status: 'SCHEDULED', completedAt: null, retryCount: 1, maxRetries: 3 };
  const told = (next: number) =>
    whyText({ ...putOff, nextAttemptAt: at(next) }, Date.parse(at(10)));
  expect(told(52)).toBe('Attempt 2 was answered 503: no. Next attempt, 2 of 3: in 42 s.');
  expect(told(4)).toContain('Next attempt, 2 of 3: now.');
});

it('says a status once', () => {
  const answered = { ...attempt(1, 1, 1, 2), errorMessage: 'the target answered 503: busy' };
  expect(statusToTell(answered)).toBeNull();
  expect(statusToTell(attempt(1, 1, 1, 2))).toBe(503);
  expect(whyText({ attempts: [answered], retryCount: 1, maxRetries: 1 }, 0)).toContain(
    'Attempt 1 failed: the target answered 503: busy. All attempts',
  );
});

it('knows the attempts to come', () => {
  const unfinished = { status: 'PENDING', retryCount: 0, maxRetries: 4 };
  expect(comingDelays(task(unfinished))).toEqual([1_000, 2_000, 4_000]);
  const linear = { backoff: 'linear', initialMs: 500, maxMs: 800, maxAttempts: 4, jitter: 0 };
  expect(comingDelays(task({ ...unfinished, retry: linear }))).toEqual([500, 800, 800]);
  expect(comingDelays(task({ ...unfinished, retryCount: 4 }))).toEqual([]);
  expect(comingDelays(task({ retryCount: 0, maxRetries: 4 }))).toEqual([]);
});

import { expect, it } from 'vitest';
import type { AllMetrics, ErrorGroup } from '../../api/metrics';
import type { Queue } from '../../api/queues';
import type { Endpoint } from '../../api/webhooks';
import { groupLink, needsOf, retryLink, successText } from './rules';

const NOW = Date.UTC(2026, 10, 24, 12);
const ago = (ms: number) => new Date(NOW - ms).toISOString();
const metrics = (failed: number[], queues: object[] = []): AllMetrics =>
  ({ series: failed.map((one) => ({ failed: one })), queues }) as unknown as AllMetrics;
const queue = (some: object): Queue =>
  ({
    name: 'a',
    paused: false,
    pending: 0,
    running: 0,
    oldestReadyAt: null,
    concurrencyLimit: null,
    ...some,
  }) as unknown as Queue;
const keys = (...given: Parameters<typeof needsOf>) => needsOf(...given).map((one) => one.key);

it('never rounds a failure away', () => {
  expect(successText({ completed: 0, failed: 0 })).toBe('–');
  expect(successText({ completed: 10, failed: 0 })).toBe('100 %');
  expect(successText({ completed: 99_999, failed: 1 })).toBe('99.99 %');
  expect(successText({ completed: 1, failed: 1 })).toBe('50.0 %');
});

it('asks for a person when failures rise', () => {
  expect(keys(metrics([1, 0, 5, 4]), [], [], [], NOW)).toEqual(['failing']);
  expect(keys(metrics([5, 4, 5, 4]), [], [], [], NOW)).toEqual([]);
  expect(keys(metrics([0, 0, 1, 1]), [], [], [], NOW)).toEqual([]);
});

it('names a target that does not respond while tasks wait for it', () => {
  const held = (some: object) =>
    ({
      series: [],
      queues: [],
      destinations: [
        {
          destination: 'http://a:80',
          state: 'open',
          since: ago(120_000),
          waiting: 600,
          lastError: 'connect_failed',
          ...some,
        },
      ],
    }) as unknown as AllMetrics;
  const [need] = needsOf(held({}), [], [], [], NOW);
  expect(need).toMatchObject({
    subject: 'http://a:80',
    words: 'has not responded for 2 m 00 s (connect_failed): 600 tasks wait for it.',
  });
  expect(keys(held({ state: 'busy' }), [], [], [], NOW)).toEqual([]);
  expect(keys(held({ waiting: 0 }), [], [], [], NOW)).toEqual([]);
});

it('names what fails over and over, and offers to run all of it again', () => {
  const group = (count: number, some: object = {}): ErrorGroup =>
    ({
      taskName: 'mail',
      pattern: 'mailbox # gone',
      fingerprint: `f${count}`,
      errorMessage: 'mailbox 7 gone',
      count,
      lastAt: ago(4_000),
      ...some,
    }) as ErrorGroup;
  const needs = needsOf(metrics([0, 9]), [], [], [group(9), group(4), group(2)], NOW);
  expect(needs.map((one) => one.key)).toEqual(['errors-f9', 'errors-f4']);
  expect(needs[0]).toMatchObject({
    subject: 'mail',
    words: '9 tasks failed, the last 4 s ago,',
    quoted: 'mailbox 7 gone',
    to: groupLink(group(9)),
    retryTo: retryLink(group(9)),
  });
  const newer = group(3, { lastAt: ago(-2_000) });
  expect(needsOf(metrics([]), [], [], [newer], NOW)[0]?.words).toContain('the last just now,');
  expect(retryLink(group(9))).toBe(`${groupLink(group(9))}&ask=retry`);
});

it('asks for a person when a queue is held', () => {
  expect(keys(metrics([]), [queue({ paused: true, pending: 3 })], [], [], NOW)).toEqual([
    'paused-a',
  ]);
  expect(keys(metrics([]), [queue({ paused: true })], [], [], NOW)).toEqual([]);
  const stuck = queue({ pending: 1, oldestReadyAt: ago(90_000) });
  expect(keys(metrics([]), [stuck], [], [], NOW)).toEqual(['stuck-a']);
  expect(keys(metrics([], [{ queue: 'a', started: 5 }]), [stuck], [], [], NOW)).toEqual([]);
  const full = queue({ pending: 9, oldestReadyAt: ago(90_000), concurrencyLimit: 2, running: 2 });
  expect(keys(metrics([], [{ queue: 'a', started: 5 }]), [full], [], [], NOW)).toEqual(['limit-a']);
});

it('asks for a person when a webhook fails', () => {
  const endpoint = { id: 'e', url: 'https://x.test', failingSince: ago(1), disabledReason: null };
  expect(keys(metrics([]), [], [endpoint as unknown as Endpoint], [], NOW)).toEqual(['endpoint-e']);
});

it('leads from a group of errors to its tasks', () => {
  const link = (taskName: string, pattern: string) =>
    new URLSearchParams(groupLink({ taskName, pattern }).split('?')[1]);
  expect(Object.fromEntries(link('a b&c', 'mailbox # is gone since #'))).toEqual({
    status: 'FAILED',
    name: 'a b&c',
    text: 'is gone since',
  });
  expect(link('a', '# #').has('text')).toBe(false);
  expect(link('a', 'x'.repeat(500)).get('text')?.length).toBe(64);
});

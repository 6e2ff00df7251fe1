import { expect, it } from 'vitest';
import { clientCall } from './calls';
import { bodyOf, cloneDraft, differing, emptyDraft, faultsOf, pairsOf } from './draft';
import { sentenceOf, waitsOf } from './sentence';

const base = { ...emptyDraft('Europe/Berlin'), taskName: 'send_mail' };

it('sends the payload as it was typed', () => {
  const body = bodyOf({ ...base, payload: ' {"n": 12345678901234567890, "x": 1.10}\n' });
  expect(body).toBe('{"taskName":"send_mail","payload":{"n": 12345678901234567890, "x": 1.10}}');
});

it('sends plain text as a JSON string', () => {
  expect(bodyOf({ ...base, plain: true, payload: 'a "b"\n' })).toBe(
    '{"taskName":"send_mail","payload":"a \\"b\\"\\n"}',
  );
});

it('leaves out what was not given and keeps zeros', () => {
  const body = JSON.parse(
    bodyOf({ ...base, target: 'echo', echoDelayMs: 0, jitter: 0, labels: 'a=b=c', when: '5m' }),
  );
  expect(body).toEqual({
    taskName: 'send_mail',
    target: { type: 'echo', delayMs: 0 },
    delayMs: 300_000,
    retry: { jitter: 0 },
    labels: { a: 'b=c' },
  });
});

it('takes the second of two moments when told so', () => {
  const twice = { ...base, when: 'at' as const, at: '2026-10-25T02:30' };
  expect(bodyOf(twice)).toContain('2026-10-25T00:30:00.000Z');
  expect(bodyOf({ ...twice, second: true })).toContain('2026-10-25T01:30:00.000Z');
});

it('names faults by pointer', () => {
  const faults = faultsOf({
    ...base,
    taskName: ' ',
    target: 'http',
    payload: '{',
    when: 'at',
    at: '2026-03-29T02:30',
    labels: 'x',
  });
  expect(faults.map((one) => one.pointer)).toEqual([
    '/taskName',
    '/target/url',
    '/payload',
    '/scheduledFor',
    '/labels',
  ]);
  expect(faultsOf(base)).toEqual([]);
  expect(pairsOf('A: b: c\n\n', ':')).toEqual({ pairs: { A: 'b: c' }, bad: '' });
});

it('tells which members differ', () => {
  expect([...differing(base, { ...base, payload: '1', priority: 8 })]).toEqual([
    'payload',
    'priority',
  ]);
});

it('says what will happen', () => {
  expect(sentenceOf({ ...base, when: 'at', at: '2026-11-24T09:00' }, null)).toBe(
    'Runs on 24 Nov at 09:00 in Berlin (08:00 UTC), up to 3 times: at once, about 1 s, about 2 s later.',
  );
  expect(sentenceOf({ ...base, maxAttempts: 1 }, null)).toContain('once: a failure');
  expect(sentenceOf(base, { maxAttempts: 2, backoff: 'fixed', initialMs: 60_000 })).toContain(
    'about 1 m later',
  );
  expect(waitsOf({ maxAttempts: 5, initialMs: 1_000, maxMs: 3_000 })).toEqual([
    1_000, 2_000, 3_000, 3_000,
  ]);
});

it('writes the client call, and the plain one where the client has no field', () => {
  expect(clientCall({ ...base, payload: '{"a":1}', priority: 8 })).toContain('.priority = 8');
  expect(clientCall({ ...base, backoff: 'fixed' })).toContain('client.call(');
});

it('clones without the times', () => {
  const task = {
    taskName: 'x',
    queue: 'default',
    target: { type: 'http', url: 'http://a/', headers: { A: 'b' } },
    retry: null,
    priority: 5,
    tags: ['t'],
    labels: { k: 'v' },
    timeoutMs: null,
    callbackUrl: null,
    scheduledFor: '2026-01-01T00:00:00Z',
  };
  const draft = cloneDraft(
    { task: task as never, payload: '1.10', result: 'null' },
    'UTC',
    (t) => t,
  );
  expect(bodyOf(draft)).toBe(
    '{"taskName":"x","payload":1.10,"target":{"type":"http","url":"http://a/","headers":{"A":"b"}},"priority":5,"tags":["t"],"labels":{"k":"v"}}',
  );
});

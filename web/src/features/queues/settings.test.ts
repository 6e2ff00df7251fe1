import { expect, it } from 'vitest';
import type { Queue } from '../../api/queues';
import { changeOf, draftOf } from './settings';

const queue = {
  name: 'mail',
  concurrencyLimit: 5,
  timeoutMs: null,
  agingMs: 60_000,
  defaultTarget: { type: 'http', url: 'http://a/', headers: { A: 'b' } },
  retry: { maxAttempts: 3, backoff: 'fixed' },
} as unknown as Queue;
const before = draftOf(queue);

it('sends only what changed, and null for what was emptied', () => {
  expect(changeOf(before, before, queue)).toEqual({});
  expect(
    changeOf(before, { ...before, concurrencyLimit: '', maxAttempts: '', backoff: '' }, queue),
  ).toEqual({ concurrencyLimit: null, retry: null });
  expect(changeOf(before, { ...before, maxAttempts: 9 }, queue)).toEqual({
    retry: { maxAttempts: 9, backoff: 'fixed' },
  });
});

it("keeps an HTTP target's headers when its URL changes", () => {
  expect(changeOf(before, { ...before, url: 'http://b/' }, queue)).toEqual({
    defaultTarget: { type: 'http', url: 'http://b/', headers: { A: 'b' } },
  });
  expect(changeOf(before, { ...before, target: 'none' }, queue)).toEqual({ defaultTarget: null });
});

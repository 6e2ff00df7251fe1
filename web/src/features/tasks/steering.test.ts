// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { requestsFor, statesFor } from './steering';

const MOMENT = '2026-11-24T12:00:00.000Z';

it('pins a filter to what matches when it is tried out', () => {
  const filter = { queue: ['mail'], createdTo: '2026-11-24T11:00:00Z' };
  expect(requestsFor('retry', { filter, words: [] }, MOMENT)).toEqual([
    {
      filter: {
        ...filter,
        status: ['FAILED', 'COMPLETED', 'CANCELLED', 'EXPIRED'],
        finishedTo: MOMENT,
      },
    },
  ]);
  expect(requestsFor('cancel', { filter: { queue: ['mail'] }, words: [] }, MOMENT)).toEqual([
    { filter: { queue: ['mail'], status: ['PENDING', 'SCHEDULED', 'RUNNING'], createdTo: MOMENT } },
  ]);
  expect(requestsFor('cancel', { filter, words: [] }, MOMENT)[0]?.filter?.createdTo).toBe(
    filter.createdTo,
  );
});

it('sends so many ids at once as one call takes', () => {
  const ids = Array.from({ length: 2_001 }, (_, i) => `t${i}`);
  const requests = requestsFor('cancel', { ids }, MOMENT);
  expect(requests.map((one) => one.taskIds?.length)).toEqual([1_000, 1_000, 1]);
  expect(requests.flatMap((one) => one.taskIds)).toEqual(ids);
});

it('a verb that the filter rules out has no state to act on', () => {
  expect(statesFor('cancel', { status: ['FAILED'] })).toEqual([]);
  expect(statesFor('retry', { status: ['FAILED', 'RUNNING'] })).toEqual(['FAILED']);
});

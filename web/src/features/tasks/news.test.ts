import { expect, it } from 'vitest';
import type { TaskNews } from '../../api/live';
import { countOf, isTold, type Loaded, NOTHING_NEW, withNews, withoutRead } from './news';

const told = (change: Partial<TaskNews> & { tasks?: [string, string, string?][] }): TaskNews => ({
  changed: (change.tasks ?? []).map(([taskId, status, queue = 'q']) => ({
    taskId,
    status,
    queue,
    attempt: 1,
    at: '',
  })),
  arrived: change.arrived ?? [],
  more: change.more ?? [],
});
const EMPTY: Loaded = { ids: new Set(), oldest: null };

it('a list of all statuses gains what was submitted, however it has changed since', () => {
  const fresh = withNews(
    NOTHING_NEW,
    told({
      tasks: [
        ['a', 'RUNNING'],
        ['b', 'COMPLETED'],
      ],
      arrived: ['a'],
    }),
    {},
    EMPTY,
  );
  expect([...fresh.ids]).toEqual(['a']);
});

it('a list of a status gains what comes into it, and gives back what leaves', () => {
  const failed = { status: ['FAILED'] };
  const fresh = withNews(
    NOTHING_NEW,
    told({
      tasks: [
        ['a', 'COMPLETED'],
        ['b', 'FAILED'],
      ],
      arrived: ['a'],
    }),
    failed,
    EMPTY,
  );
  expect([...fresh.ids]).toEqual(['b']);
  expect(countOf(withNews(fresh, told({ tasks: [['b', 'PENDING']] }), failed, EMPTY))).toBe(0);
});

it('another queue is not counted, nor one that is not known', () => {
  const more = [
    { status: 'PENDING', queue: 'q', arrived: true, count: 5 },
    { status: 'PENDING', queue: null, arrived: true, count: 7 },
  ];
  const news = told({ tasks: [['a', 'PENDING', 'other']], arrived: ['a'], more });
  expect(countOf(withNews(NOTHING_NEW, news, { queue: ['q'] }, EMPTY))).toBe(5);
  expect(countOf(withNews(NOTHING_NEW, news, {}, EMPTY))).toBe(13);
});

it('what is read counts no more, what stands on pages not read never does', () => {
  const news = told({
    tasks: [
      ['5', 'FAILED'],
      ['9', 'FAILED'],
    ],
  });
  const filter = { status: ['FAILED'] };
  const loaded = { ids: new Set(['7']), oldest: '7' };
  const fresh = withNews(NOTHING_NEW, news, filter, loaded);
  expect([...fresh.ids]).toEqual(['9']);
  expect(countOf(withoutRead(fresh, { ids: new Set(['7', '9']), oldest: '7' }))).toBe(0);
  expect(countOf(withNews(fresh, told({ tasks: [['9', 'FAILED']] }), filter, loaded))).toBe(1);
});

it('a condition that no event tells has to be asked for', () => {
  expect(isTold({ status: ['FAILED'], queue: ['q'] })).toBe(true);
  expect(isTold({ createdFrom: 'x' })).toBe(true);
  expect(isTold({ createdFrom: 'x', status: ['FAILED'] })).toBe(false);
  expect(isTold({ type: ['a'] })).toBe(false);
});

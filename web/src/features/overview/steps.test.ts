import { expect, it } from 'vitest';
import type { Counts } from '../../api/live';
import { stepsDone } from './steps';

const NONE = { total: 0, running: 0, completed: 0, failed: 0 } as Counts;
const done = (...given: Parameters<typeof stepsDone>) => [...stepsDone(...given)];

it('ticks the first steps by what was really done', () => {
  expect(done(NONE, [], 0)).toEqual([]);
  expect(done({ ...NONE, total: 1 }, [{ attempt: 0, target: { type: 'worker' } }], 0)).toEqual([
    'submit',
  ]);
  const ran = { ...NONE, total: 1, completed: 1 };
  expect(done(ran, [{ attempt: 1, target: { type: 'echo' } }], 0)).toEqual(['submit', 'watch']);
  expect(done(ran, [{ attempt: 1, target: { type: 'http' } }], 1)).toEqual([
    'submit',
    'watch',
    'connect',
    'hear',
  ]);
});

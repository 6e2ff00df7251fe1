import { expect, it } from 'vitest';
import { drainText, flowOf, limitEffect, oldestFirst, rateText } from './rates';

const rates = { submitted: 60, started: 0, completed: 300, failed: 30, cancelled: 20, expired: 10 };

it('counts what came and what ended', () => {
  expect(flowOf(rates, 60_000)).toEqual({ inPerS: 1, outPerS: 6 });
  expect(flowOf(undefined, 60_000)).toBeNull();
  expect([0, 0.04, 4.25, 412.4].map(rateText)).toEqual(['0', '0.040', '4.3', '412']);
});

it('says when a queue drains only where that can be computed', () => {
  expect(drainText(1_200, false, { inPerS: 1, outPerS: 6 })).toBe('drains in ~4 min');
  expect(drainText(1_200, true, { inPerS: 1, outPerS: 6 })).toBe('paused');
  expect(drainText(5, false, { inPerS: 6, outPerS: 6 })).toBe('does not drain');
  expect(drainText(5, false, { inPerS: 0, outPerS: 0 })).toBe('nothing ends');
  expect(drainText(0, true, null)).toBe('nothing waits');
});

it('tells the effect of a limit', () => {
  expect(limitEffect(20, 9_600, 500)).toBe(
    'At 20 at once, with runs of 500 ms as lately, about 40 a second can end: the 9,600 that wait take ~4 min.',
  );
  expect(limitEffect(20, 0, null)).toContain('cannot be said');
});

it('puts the oldest first and those without waiting tasks last', () => {
  const queue = (name: string, oldestReadyAt: string | null, depth = 0) => ({
    name,
    oldestReadyAt,
    depth,
  });
  const sorted = oldestFirst([
    queue('b', null),
    queue('young', '2026-11-24T12:00:05Z', 900),
    queue('a', null),
    queue('old', '2026-11-24T12:00:00Z', 1),
    queue('planned', null, 3),
  ]);
  expect(sorted.map((one) => one.name)).toEqual(['old', 'young', 'planned', 'a', 'b']);
});

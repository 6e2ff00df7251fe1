import { expect, it } from 'vitest';
import {
  durationText,
  exactText,
  numberText,
  plural,
  relativeText,
  secondText,
  shortText,
} from './time';

it('writes durations with their unit', () => {
  const cases: [number, string][] = [
    [0, '0 ms'],
    [840, '840 ms'],
    [1_840, '1.84 s'],
    [41_300, '41.3 s'],
    [123_000, '2 m 03 s'],
    [11_520_000, '3 h 12 m'],
    [187_200_000, '2 d 04 h'],
    [-840, '−840 ms'],
  ];
  for (const [ms, text] of cases) expect(durationText(ms)).toBe(text);
});

it('tells relative times under a day', () => {
  const base = Date.UTC(2026, 10, 24, 12);
  expect(relativeText(base - 14_000, base)).toBe('14 s ago');
  expect(relativeText(base + 3_000, base)).toBe('in 3 s');
  expect(relativeText(base + 400, base)).toBe('now');
  expect(relativeText(base - 7_500_000, base)).toBe('2 h 05 m ago');
  expect(relativeText(base - 90_000_000, base)).toMatch(/^23 Nov \d\d:00 /);
  expect(relativeText(base - 86_399_999, base)).toBe('23 h 59 m ago');
  expect(relativeText(base - 86_400_000, base)).toMatch(/^23 Nov /);
  const year = 31_536_000_000;
  expect(shortText(base - 90_000_000, base, 'UTC')).toBe('23 Nov 11:00 UTC');
  expect(shortText(base - year, base, 'UTC')).toBe('24 Nov 2025 12:00 UTC');
});

it('names the zone of an exact time', () => {
  const at = Date.UTC(2026, 10, 24, 8, 0, 0, 12);
  expect(exactText(at, 'UTC')).toBe('2026-11-24 08:00:00.012 UTC');
  expect(secondText(at, 'UTC')).toBe('2026-11-24 08:00:00 UTC');
  expect(exactText(at, 'Europe/Berlin')).toMatch(/^2026-11-24 09:00:00\.012 (CET|GMT\+1)$/);
});

it('keeps numbers exact while they can be read', () => {
  expect(numberText(99_999)).toBe('99,999');
  expect(numberText(1_234_567)).toBe('1.2M');
  expect(plural(1, 'task')).toBe('1 task');
  expect(plural(2, 'query', 'queries')).toBe('2 queries');
});

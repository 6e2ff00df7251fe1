import { expect, test } from 'vitest';
import { loneValues, tickTexts } from './chart_marks';

test('a value between gaps is a point, neighbours are a line', () => {
  expect(loneValues([null, 1, null, 2, 3, null, 4])).toEqual([1, 6]);
  expect(loneValues([1, 2, 3])).toBeNull();
  expect(loneValues([])).toBeNull();
});

test('ticks are in 24 hours, and the day stands where it begins', () => {
  const at = Date.UTC(2026, 10, 24, 23, 0) / 1_000;
  expect(tickTexts([at, at + 3_600, at + 7_200], 3_600, 'UTC')).toEqual([
    '23:00\n24 Nov',
    '00:00\n25 Nov',
    '01:00',
  ]);
  expect(tickTexts([at], 86_400, 'UTC')).toEqual(['24 Nov']);
  expect(tickTexts([at + 5], 5, 'Asia/Kolkata')).toEqual(['04:30:05\n25 Nov']);
});

import { expect, it } from 'vitest';
import { cityOf, localText, momentsOf, tomorrowAtNine } from './zone';

const iso = (times: number[]) => times.map((at) => new Date(at).toISOString());

it('finds the one moment of an ordinary time', () => {
  expect(iso(momentsOf('2026-11-24T09:00', 'Europe/Berlin'))).toEqual(['2026-11-24T08:00:00.000Z']);
  expect(iso(momentsOf('2026-07-01T09:00', 'Asia/Kathmandu'))).toEqual([
    '2026-07-01T03:15:00.000Z',
  ]);
});

it('finds none for a time that the clocks jump over', () => {
  expect(momentsOf('2026-03-29T02:30', 'Europe/Berlin')).toEqual([]);
  expect(momentsOf('2026-03-08T02:30', 'America/New_York')).toEqual([]);
  expect(momentsOf('2026-03-29T03:00', 'Europe/Berlin')).toHaveLength(1);
});

it('finds two for a time that comes twice, the earlier first', () => {
  expect(iso(momentsOf('2026-10-25T02:30', 'Europe/Berlin'))).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-25T01:30:00.000Z',
  ]);
  // Half an hour back.
  expect(momentsOf('2026-04-05T01:45', 'Australia/Lord_Howe')).toHaveLength(2);
});

it('skips the whole day that Samoa left out', () => {
  expect(momentsOf('2011-12-30T12:00', 'Pacific/Apia')).toEqual([]);
});

it('writes local times', () => {
  const at = Date.UTC(2026, 10, 24, 23, 30);
  expect(localText(at, 'Europe/Berlin')).toBe('2026-11-25T00:30');
  expect(tomorrowAtNine(at, 'Europe/Berlin')).toBe('2026-11-26T09:00');
  expect(cityOf('America/New_York')).toBe('New York');
  expect(momentsOf('nonsense', 'UTC')).toEqual([]);
});

import { expect, it } from 'vitest';
import { asked, NO_FILTERS, qualifier, stillMatches, typed, unknownIn, wordsOf } from './filters';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 30);

it('asks in the words of the API', () => {
  expect(asked(NO_FILTERS, NOW)).toEqual({});
  expect(
    asked({ ...NO_FILTERS, status: ['FAILED'], name: ['a'], queue: ['q'], created: '1h' }, NOW),
  ).toEqual({
    status: ['FAILED'],
    type: ['a'],
    queue: ['q'],
    createdFrom: '2026-11-24T11:00:30.000Z',
  });
  expect(asked({ ...NO_FILTERS, stuck: true }, NOW)).toEqual({
    status: ['PENDING'],
    createdTo: '2026-11-24T11:55:30.000Z',
  });
});

it('reads qualifiers, ids and text', () => {
  expect(typed('queue:mail name:send gone wrong')).toEqual({
    change: { queue: ['mail'], name: ['send'], text: 'gone wrong' },
    id: null,
  });
  expect(typed('status:failed status:nope').change).toEqual({
    status: ['FAILED'],
    text: 'status:nope',
  });
  expect(typed('01a20b7f-2ed3-7000-970b-4be80176c09e').id).toBe(
    '01a20b7f-2ed3-7000-970b-4be80176c09e',
  );
  expect(typed('  ')).toEqual({ change: {}, id: null });
});

it('knows what has left the list', () => {
  expect(stillMatches({ status: ['RUNNING'] }, 'COMPLETED')).toBe(false);
  expect(stillMatches({ queue: ['a'] }, 'COMPLETED')).toBe(true);
});

it('takes quotes for what holds blanks', () => {
  expect(typed('name:"send mail" queue:a "gone wrong"').change).toEqual({
    name: ['send mail'],
    queue: ['a'],
    text: 'gone wrong',
  });
  expect(typed(qualifier('name', 'send mail')).change).toEqual({ name: ['send mail'] });
});

it('names what an address holds and nobody knows', () => {
  expect(unknownIn('?status=FAILED&status=NOPE&queue=a&queue=b&created=2h&colour=red')).toEqual([
    'status=NOPE',
    'created=2h',
    'colour=red',
  ]);
});

it('says a filter in words', () => {
  expect(wordsOf({ ...NO_FILTERS, status: ['FAILED'], queue: ['a'], created: '24h' })).toEqual([
    'Failed',
    'created in the last 24h',
    'queue: a',
  ]);
});

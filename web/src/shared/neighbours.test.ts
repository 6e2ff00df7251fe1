import { expect, it } from 'vitest';
import { neighboursOf, rememberList } from './neighbours';

it('goes on to the neighbours in the list seen last', () => {
  expect(neighboursOf('a')).toEqual({ previous: null, next: null });
  rememberList(['a', 'b', 'c']);
  expect(neighboursOf('a')).toEqual({ previous: null, next: 'b' });
  expect(neighboursOf('b')).toEqual({ previous: 'a', next: 'c' });
  expect(neighboursOf('c')).toEqual({ previous: 'b', next: null });
  rememberList(['c']);
  expect(neighboursOf('a')).toEqual({ previous: null, next: null });
});

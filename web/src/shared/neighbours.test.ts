// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { arriveAt, neighboursOf, placeToReturnTo, rememberList, wayBackToList } from './neighbours';

it('goes on to the neighbours in the list seen last', () => {
  expect(neighboursOf('a')).toEqual({ previous: null, next: null });
  rememberList(['a', 'b', 'c']);
  expect(neighboursOf('a')).toEqual({ previous: null, next: 'b' });
  expect(neighboursOf('b')).toEqual({ previous: 'a', next: 'c' });
  expect(neighboursOf('c')).toEqual({ previous: 'b', next: null });
  rememberList(['c']);
  expect(neighboursOf('a')).toEqual({ previous: null, next: null });
});

it('leads back to the list as it was, and not to one of another tenant', () => {
  const place = { path: '/t/one/tasks?queue=a', moment: 1, top: 700 };
  arriveAt(place);
  expect(placeToReturnTo(place.path), 'the same entry of the history').toEqual(place);
  history.pushState(null, '');
  expect(placeToReturnTo(place.path), 'opened anew').toBe(null);
  const back = wayBackToList('/t/one/tasks/x');
  expect(back.href).toBe('/tasks?queue=a');
  back.onClick();
  expect(placeToReturnTo(place.path)).toEqual(place);
  expect(placeToReturnTo('/t/one/tasks')).toBe(null);
  expect(wayBackToList('/t/two/tasks/x').href).toBe('/tasks');
});

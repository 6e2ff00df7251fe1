import { expect, it } from 'vitest';
import type { Endpoint, WebhookDelivery } from '../api/webhooks';
import { answerWords, attemptsBegun, disabledWords, receiverOf } from './states';

it('tells what a delivery came to in words, never in codes', () => {
  expect(answerWords({ httpStatus: 503, failure: 'bad_status' })).toBe('answered 503');
  expect(answerWords({ httpStatus: null, failure: 'timed_out' })).toBe('no answer in time');
  expect(answerWords({ httpStatus: null, failure: 'of_a_later_version' })).toBe(
    'of a later version',
  );
  expect(answerWords({ httpStatus: null, failure: null })).toBe('no answer');
  expect(disabledWords('gone')).toBe('it answered 410 Gone');
  expect(disabledWords('by its owner')).toBe('by its owner');
});

it('names the receiver', () => {
  const one = (some: object) =>
    ({ endpointId: null, callbackUrl: null, ...some }) as WebhookDelivery;
  const endpoints = [
    { id: 'a', description: 'Billing', url: 'https://a.example/hook' },
    { id: 'b', description: '', url: 'https://b.example:8443/hook' },
  ] as Endpoint[];
  expect(receiverOf(one({ endpointId: 'a' }), endpoints)).toBe('Billing');
  expect(receiverOf(one({ endpointId: 'b' }), endpoints)).toBe('b.example:8443');
  expect(receiverOf(one({ endpointId: 'c' }), endpoints)).toBe('a removed endpoint');
  expect(receiverOf(one({ callbackUrl: 'https://c.example/x' }), endpoints)).toBe('c.example');
});

it('counts the attempts that were begun', () => {
  expect(attemptsBegun({ status: 'PENDING', retryCount: 0 })).toBe(0);
  expect(attemptsBegun({ status: 'RUNNING', retryCount: 0 })).toBe(1);
  expect(attemptsBegun({ status: 'COMPLETED', retryCount: 1 })).toBe(2);
  expect(attemptsBegun({ status: 'FAILED', retryCount: 3 })).toBe(3);
});

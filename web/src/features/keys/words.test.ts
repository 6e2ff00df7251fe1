import { expect, it } from 'vitest';
import type { ApiKey } from '../../api/keys';
import { proposedExpiry, scopeWords, sortedKeys, stateOf } from './words';

const now = Date.parse('2026-11-24T12:00:00Z');
const key = (name: string, part: Partial<ApiKey>): ApiKey => ({
  id: name,
  name,
  prefix: 'bk_1',
  scopes: ['tasks:read'],
  createdAt: '2026-11-01T00:00:00Z',
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  ...part,
});

it('puts the last used first and the dead last', () => {
  const sorted = sortedKeys(
    [
      key('never', {}),
      key('revoked', { revokedAt: '2026-11-20T00:00:00Z', lastUsedAt: '2026-11-24T11:59:00Z' }),
      key('old', { lastUsedAt: '2026-11-02T00:00:00Z' }),
      key('new', { lastUsedAt: '2026-11-24T11:00:00Z' }),
    ],
    now,
  );
  expect(sorted.map((one) => one.name)).toEqual(['new', 'old', 'never', 'revoked']);
});

it('knows the state of a key and proposes 90 days', () => {
  expect(stateOf(key('a', { expiresAt: '2026-11-24T12:00:00Z' }), now)).toBe('expired');
  expect(stateOf(key('a', { expiresAt: '2026-11-24T12:00:01Z' }), now)).toBe('active');
  expect(proposedExpiry(now)).toBe('2027-02-22');
  expect(scopeWords(['tasks:read', 'later:scope'])).toBe('read tasks and metrics; later:scope');
});

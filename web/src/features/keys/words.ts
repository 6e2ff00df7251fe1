import type { ApiKey, KeyScope } from '../../api/keys';

export const SCOPES: KeyScope[] = ['tasks:read', 'tasks:write', 'worker', 'manage'];
export const SCOPE_WORDS: Record<KeyScope, string> = {
  'tasks:read': 'read tasks and metrics',
  'tasks:write': 'submit, cancel and retry tasks',
  worker: 'pull tasks and answer them',
  manage: 'manage queues, webhooks and keys',
};
export const scopeWords = (scopes: string[]): string =>
  scopes.map((scope) => SCOPE_WORDS[scope as KeyScope] ?? scope).join('; ');

const DAY = 86_400_000;
// A key that ends by itself is the better habit; 90 days are proposed.
export const proposedExpiry = (now: number): string =>
  new Date(now + 90 * DAY).toISOString().slice(0, 10);

export type KeyState = 'active' | 'expired' | 'revoked';
export function stateOf(key: ApiKey, now: number): KeyState {
  if (key.revokedAt) return 'revoked';
  return key.expiresAt && Date.parse(key.expiresAt) <= now ? 'expired' : 'active';
}

// Last used first, so that dead ones sink; revoked and expired ones stand below all others.
export function sortedKeys(keys: ApiKey[], now: number): ApiKey[] {
  const used = (key: ApiKey) => (key.lastUsedAt ? Date.parse(key.lastUsedAt) : 0);
  const dead = (key: ApiKey) => (stateOf(key, now) === 'active' ? 0 : 1);
  return [...keys].sort(
    (a, b) =>
      dead(a) - dead(b) || used(b) - used(a) || Date.parse(b.createdAt) - Date.parse(a.createdAt),
  );
}

import type { Draft, Fault } from './draft';

// What every part of the form needs: the draft, how to change it, and what is said of a field.
export interface FormPart {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  faultAt: (pointer: string) => string | undefined;
  // The label, which says so if the member differs from the original's.
  label: (words: string, member: string) => string;
}

// Pointers that have a field; what lies deeper belongs to it («/tags/3» to «/tags»).
const FIELDS = [
  '/taskName',
  '/payload',
  '/queue',
  '/target/url',
  '/target/method',
  '/target/headers',
  '/target/delayMs',
  '/target/failTimes',
  '/target/timeoutMs',
  '/target',
  '/scheduledFor',
  '/delayMs',
  '/priority',
  '/retry/maxAttempts',
  '/retry/backoff',
  '/retry/initialMs',
  '/retry/maxMs',
  '/retry/jitter',
  '/timeoutMs',
  '/expiresAt',
  '/tags',
  '/labels',
  '/callbackUrl',
];
export const fieldOf = (pointer: string): string | undefined =>
  FIELDS.find((field) => pointer === field || pointer.startsWith(`${field}/`));
export const homeless = (faults: Fault[]): Fault[] =>
  faults.filter((fault) => fieldOf(fault.pointer) === undefined);
export const isFolded = (pointer: string): boolean =>
  FIELDS.indexOf(fieldOf(pointer) ?? '') >= FIELDS.indexOf('/target') + 1 ||
  pointer.startsWith('/target/timeoutMs') ||
  pointer.startsWith('/target/headers');

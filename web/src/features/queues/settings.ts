import type { Queue, QueueSettings } from '../../api/queues';

export type Amount = number | '';
export interface SettingsDraft {
  concurrencyLimit: Amount;
  timeoutMs: Amount;
  agingMs: Amount;
  target: 'none' | 'echo' | 'worker' | 'http';
  url: string;
  maxAttempts: Amount;
  backoff: string;
  initialMs: Amount;
  maxMs: Amount;
  jitter: Amount;
}

export function draftOf(queue: Queue): SettingsDraft {
  return {
    concurrencyLimit: queue.concurrencyLimit ?? '',
    timeoutMs: queue.timeoutMs ?? '',
    agingMs: queue.agingMs,
    target: queue.defaultTarget?.type ?? 'none',
    url: queue.defaultTarget?.type === 'http' ? queue.defaultTarget.url : '',
    maxAttempts: queue.retry?.maxAttempts ?? '',
    backoff: queue.retry?.backoff ?? '',
    initialMs: queue.retry?.initialMs ?? '',
    maxMs: queue.retry?.maxMs ?? '',
    jitter: queue.retry?.jitter ?? '',
  };
}

// The generated type wants every member that has a default; the contract wants only what changes.
export type QueueChange = { [field in keyof QueueSettings]?: unknown };

const orNull = (value: Amount): number | null => (value === '' ? null : value);

// Only what was changed in the form is sent; an emptied field is null, which resets it.
export function changeOf(before: SettingsDraft, draft: SettingsDraft, queue: Queue): QueueChange {
  const change: QueueChange = {};
  for (const field of ['concurrencyLimit', 'timeoutMs', 'agingMs'] as const)
    if (draft[field] !== before[field]) change[field] = orNull(draft[field]);
  if (draft.target !== before.target || draft.url !== before.url) {
    // Headers and the like of a target that stays HTTP are kept; the form does not show them.
    const kept = queue.defaultTarget?.type === 'http' ? queue.defaultTarget : {};
    change.defaultTarget =
      draft.target === 'none'
        ? null
        : draft.target === 'http'
          ? { ...kept, type: 'http', url: draft.url.trim() }
          : { type: draft.target };
  }
  const retry = ['maxAttempts', 'backoff', 'initialMs', 'maxMs', 'jitter'] as const;
  if (retry.some((field) => draft[field] !== before[field])) {
    const given = retry.filter((field) => draft[field] !== '');
    change.retry =
      given.length === 0 ? null : Object.fromEntries(given.map((field) => [field, draft[field]]));
  }
  return change;
}

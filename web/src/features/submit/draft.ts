import type { TaskView } from '../../api/tasks';
import { momentsOf } from './zone';

export type TargetKind = 'default' | 'echo' | 'http' | 'worker';
export type When = 'now' | '5m' | '1h' | 'at';
export type Amount = number | '';

// What stands in the form. Empty means «not given»: the queue's or the service's default holds.
export interface Draft {
  taskName: string;
  queue: string;
  target: TargetKind;
  url: string;
  method: string;
  // «Name: value» a line.
  headers: string;
  echoDelayMs: Amount;
  echoFailTimes: Amount;
  targetTimeoutMs: Amount;
  payload: string;
  // The payload is a text, not JSON.
  plain: boolean;
  when: When;
  at: string;
  zone: string;
  // Which of two, where the clocks show a time twice.
  second: boolean;
  priority: Amount;
  maxAttempts: Amount;
  backoff: string;
  initialMs: Amount;
  maxMs: Amount;
  jitter: Amount;
  timeoutMs: Amount;
  expires: string;
  tags: string[];
  // «name=value» a line.
  labels: string;
  callbackUrl: string;
}

export const emptyDraft = (zone: string): Draft => ({
  taskName: '',
  queue: '',
  target: 'default',
  url: '',
  method: 'POST',
  headers: '',
  echoDelayMs: '',
  echoFailTimes: '',
  targetTimeoutMs: '',
  payload: '',
  plain: false,
  when: 'now',
  at: '',
  zone,
  second: false,
  priority: '',
  maxAttempts: '',
  backoff: '',
  initialMs: '',
  maxMs: '',
  jitter: '',
  timeoutMs: '',
  expires: '',
  tags: [],
  labels: '',
  callbackUrl: '',
});

export const firstDraft = (zone: string): Draft => ({
  ...emptyDraft(zone),
  taskName: 'hello',
  target: 'echo',
  echoDelayMs: 2_000,
  payload: '{\n  "message": "Hello, Belfry",\n  "answer": 42\n}',
});

// A new task like another. Its times are not taken over: they have passed.
export function cloneDraft(
  { task, payload }: TaskView,
  zone: string,
  layOut: (t: string) => string,
) {
  const target = task.target as {
    type: TargetKind;
    url?: string;
    method?: string | null;
    headers?: Record<string, string> | null;
    delayMs?: number | null;
    failTimes?: number | null;
    timeoutMs?: number | null;
  } | null;
  const draft: Draft = {
    ...emptyDraft(zone),
    taskName: task.taskName,
    queue: task.queue === 'default' ? '' : task.queue,
    target: target?.type ?? 'default',
    url: target?.url ?? '',
    method: target?.method ?? 'POST',
    headers: linesOf(target?.headers, ': '),
    echoDelayMs: target?.delayMs || '',
    echoFailTimes: target?.failTimes || '',
    targetTimeoutMs: target?.timeoutMs ?? '',
    payload: payload === 'null' ? '' : layOut(payload),
    priority: task.priority,
    maxAttempts: task.retry?.maxAttempts ?? '',
    backoff: task.retry?.backoff ?? '',
    initialMs: task.retry?.initialMs ?? '',
    maxMs: task.retry?.maxMs ?? '',
    jitter: task.retry?.jitter ?? '',
    timeoutMs: task.timeoutMs ?? '',
    tags: task.tags,
    labels: linesOf(task.labels, '='),
    callbackUrl: task.callbackUrl ?? '',
  };
  return draft;
}
const linesOf = (pairs: Record<string, string> | null | undefined, between: string): string =>
  Object.entries(pairs ?? {})
    .map(([name, value]) => `${name}${between}${value}`)
    .join('\n');

export interface Fault {
  pointer: string;
  detail: string;
}

// One pair a line, cut at the first `between`.
export function pairsOf(
  text: string,
  between: string,
): { pairs: Record<string, string>; bad: string } {
  const pairs: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const cut = line.indexOf(between);
    if (cut < 1) return { pairs, bad: line.trim() };
    pairs[line.slice(0, cut).trim()] = line.slice(cut + 1).trim();
  }
  return { pairs, bad: '' };
}

// What the form can see by itself; the server has the last word.
export function faultsOf(draft: Draft): Fault[] {
  const faults: Fault[] = [];
  const say = (pointer: string, detail: string) => faults.push({ pointer, detail });
  if (draft.taskName.trim() === '') say('/taskName', 'A task needs a name.');
  if (draft.target === 'http' && draft.url.trim() === '')
    say('/target/url', 'An HTTP target needs a URL.');
  if (!draft.plain && draft.payload.trim() !== '') {
    try {
      JSON.parse(draft.payload);
    } catch (error) {
      say('/payload', `Not JSON: ${error instanceof Error ? error.message : 'it cannot be read'}.`);
    }
  }
  if (draft.when === 'at' && draft.at !== '' && momentsOf(draft.at, draft.zone).length === 0)
    say(
      '/scheduledFor',
      'The clocks of this zone jump over this time: it does not exist. Choose another.',
    );
  if (draft.when === 'at' && draft.at === '') say('/scheduledFor', 'Choose a time.');
  if (draft.expires !== '' && momentsOf(draft.expires, draft.zone).length === 0)
    say('/expiresAt', 'The clocks of this zone jump over this time: it does not exist.');
  const headers = pairsOf(draft.headers, ':').bad;
  if (draft.target === 'http' && headers !== '')
    say('/target/headers', `«${headers}» is not «Name: value».`);
  const labels = pairsOf(draft.labels, '=').bad;
  if (labels !== '') say('/labels', `«${labels}» is not «name=value».`);
  return faults;
}

// The moment that was chosen, or null for «as soon as possible» and «in a while».
export function momentOf(draft: Draft): number | null {
  if (draft.when !== 'at') return null;
  const moments = momentsOf(draft.at, draft.zone);
  return (draft.second ? moments[1] : undefined) ?? moments[0] ?? null;
}
export const DELAYS: Partial<Record<When, number>> = { '5m': 300_000, '1h': 3_600_000 };

function without(object: Record<string, unknown>): Record<string, unknown> | undefined {
  const kept = Object.entries(object).filter(([, value]) => value !== '' && value !== undefined);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}
export function targetOf(draft: Draft): Record<string, unknown> | undefined {
  const { target } = draft;
  if (target === 'default') return undefined;
  if (target === 'worker') return { type: 'worker' };
  if (target === 'echo')
    return without({ type: 'echo', delayMs: draft.echoDelayMs, failTimes: draft.echoFailTimes });
  return without({
    type: 'http',
    url: draft.url.trim(),
    method: draft.method === 'POST' ? '' : draft.method,
    headers: without(pairsOf(draft.headers, ':').pairs),
    timeoutMs: draft.targetTimeoutMs,
  });
}
export const retryOf = (draft: Draft): Record<string, unknown> | undefined =>
  without({
    maxAttempts: draft.maxAttempts,
    backoff: draft.backoff,
    initialMs: draft.initialMs,
    maxMs: draft.maxMs,
    jitter: draft.jitter,
  });
export function payloadText(draft: Draft): string | undefined {
  if (draft.plain) return draft.payload === '' ? undefined : JSON.stringify(draft.payload);
  const text = draft.payload.trim();
  return text === '' ? undefined : text;
}

// The members of the request as text, in order: the payload stands there as it was typed.
export function membersOf(draft: Draft): [string, string][] {
  const moment = momentOf(draft);
  const expires = draft.expires === '' ? undefined : momentsOf(draft.expires, draft.zone)[0];
  const values: [string, unknown][] = [
    ['queue', draft.queue.trim()],
    ['target', targetOf(draft)],
    ['delayMs', DELAYS[draft.when]],
    ['scheduledFor', moment === null ? undefined : new Date(moment).toISOString()],
    ['priority', draft.priority],
    ['retry', retryOf(draft)],
    ['timeoutMs', draft.timeoutMs],
    ['expiresAt', expires === undefined ? undefined : new Date(expires).toISOString()],
    ['tags', draft.tags.length > 0 ? draft.tags : undefined],
    ['labels', without(pairsOf(draft.labels, '=').pairs)],
    ['callbackUrl', draft.callbackUrl.trim()],
  ];
  const members: [string, string][] = [['taskName', JSON.stringify(draft.taskName)]];
  const payload = payloadText(draft);
  if (payload !== undefined) members.push(['payload', payload]);
  for (const [name, value] of values)
    if (value !== undefined && value !== '') members.push([name, JSON.stringify(value)]);
  return members;
}
export const bodyOf = (draft: Draft): string =>
  `{${membersOf(draft)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
    .join(',')}}`;

// The members in which two drafts differ.
export function differing(a: Draft, b: Draft): Set<string> {
  const one = new Map(membersOf(a));
  const other = new Map(membersOf(b));
  const names = new Set([...one.keys(), ...other.keys()]);
  return new Set([...names].filter((name) => one.get(name) !== other.get(name)));
}

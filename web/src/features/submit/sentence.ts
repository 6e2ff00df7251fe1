import { durationText } from '../../ui/time';
import { DELAYS, type Draft, momentOf } from './draft';
import { cityOf } from './zone';

export interface Policy {
  maxAttempts?: number | null;
  backoff?: string | null;
  initialMs?: number | null;
  maxMs?: number | null;
}

const SHOWN = 5;

// The waits before the second attempt and those after it; the service moves each by its jitter.
export function waitsOf(policy: Policy): number[] {
  const initial = policy.initialMs ?? 1_000;
  const longest = policy.maxMs ?? 3_600_000;
  const backoff = policy.backoff ?? 'exponential';
  return Array.from({ length: Math.max(0, (policy.maxAttempts ?? 3) - 1) }, (_, i) => {
    const wait =
      backoff === 'fixed' ? initial : backoff === 'linear' ? initial * (i + 1) : initial * 2 ** i;
    return Math.min(wait, longest);
  });
}

// `1 s`, not `1.00 s`: an approximate wait shows no digits that it does not have.
const rough = (ms: number): string =>
  durationText(ms)
    .replace(/\.0+ s$/, ' s')
    .replace(/ 00 [sm]$/, '');

// The draft's own policy over the queue's, field by field where the draft gives none at all.
export function policyOf(draft: Draft, queue: Policy | null | undefined): Policy {
  const own: Policy = {
    ...(draft.maxAttempts === '' ? {} : { maxAttempts: draft.maxAttempts }),
    ...(draft.backoff === '' ? {} : { backoff: draft.backoff }),
    ...(draft.initialMs === '' ? {} : { initialMs: draft.initialMs }),
    ...(draft.maxMs === '' ? {} : { maxMs: draft.maxMs }),
  };
  return Object.keys(own).length > 0 ? own : (queue ?? {});
}

function whenText(draft: Draft): string {
  const delay = DELAYS[draft.when];
  if (delay !== undefined) return `Runs in ${rough(delay)}`;
  const moment = momentOf(draft);
  if (draft.when !== 'at') return 'Runs as soon as there is room';
  if (moment === null) return 'Runs at a time still to be chosen';
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone: draft.zone,
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(moment);
  const part = (type: string) => local.find((one) => one.type === type)?.value ?? '';
  const utc = new Date(moment).toISOString();
  const other = utc.slice(8, 10) === part('day').padStart(2, '0') ? '' : `${utc.slice(0, 10)} `;
  const place =
    draft.zone === 'UTC' ? 'UTC' : `in ${cityOf(draft.zone)} (${other}${utc.slice(11, 16)} UTC)`;
  return `Runs on ${part('day')} ${part('month')} at ${part('hour')}:${part('minute')} ${place}`;
}

// What will happen, in a sentence.
export function sentenceOf(draft: Draft, queue: Policy | null | undefined): string {
  const waits = waitsOf(policyOf(draft, queue));
  const when = whenText(draft);
  if (waits.length === 0) return `${when}, once: a failure is not tried again.`;
  const shown = waits.slice(0, SHOWN - 1).map((wait) => `about ${rough(wait)}`);
  const rest =
    waits.length > SHOWN - 1 ? `, and so on, at most ${rough(Math.max(...waits))} apart` : '';
  return `${when}, up to ${waits.length + 1} times: at once, ${shown.join(', ')} later${rest}.`;
}

import type { Attempt, TaskDetail } from '../../api/tasks';
import type { WebhookDelivery } from '../../api/webhooks';
import { isFinished, isStatus } from '../../theme/status';
import { durationText, numberText, relativeText } from '../../ui/time';

// One line of what happened, from submission to the last webhook.
export interface Moment {
  key: string;
  at: string;
  // Until when, if it lasted; null: still going on.
  until?: string | null;
  kind: 'submitted' | 'wait' | 'attempt' | 'end' | 'delivery';
  words: string;
  outcome?: string;
  attempt?: Attempt;
  delivery?: WebhookDelivery;
}
export interface Run {
  run: number;
  moments: Moment[];
}

const OUTCOMES: Record<string, string> = {
  running: 'running',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  lease_lost: 'lost its lease',
  released: 'handed back',
  expired: 'expired',
};
export const outcomeWords = (outcome: string): string => OUTCOMES[outcome] ?? outcome;

// Newest run first. Waits between attempts are told where they took longer than a blink.
export function runsOf(task: TaskDetail, deliveries: WebhookDelivery[]): Run[] {
  const runs: Run[] = [];
  for (let run = 1; run <= task.run; run++) {
    const attempts = task.attempts.filter((one) => one.run === run);
    const moments: Moment[] = [];
    if (run === 1) {
      moments.push({
        key: 'submitted',
        at: task.submittedAt,
        kind: 'submitted',
        words: 'submitted',
      });
    }
    let before: string | null = run === 1 ? (task.scheduledFor ?? task.submittedAt) : null;
    for (const attempt of attempts) {
      if (before && Date.parse(attempt.startedAt) - Date.parse(before) >= 5) {
        moments.push({
          key: `wait-${attempt.number}`,
          at: before,
          until: attempt.startedAt,
          kind: 'wait',
          words: attempt === attempts[0] ? 'waited' : 'waited before the next attempt',
        });
      }
      moments.push({
        key: `attempt-${attempt.number}`,
        at: attempt.startedAt,
        until: attempt.finishedAt,
        kind: 'attempt',
        words: `attempt ${attempt.number}`,
        outcome: attempt.outcome,
        attempt,
      });
      before = attempt.finishedAt;
    }
    if (run === task.run) moments.push(...now(task, before));
    runs.push({ run, moments });
  }
  const newest = runs.at(-1);
  if (newest) {
    for (const delivery of [...deliveries].reverse()) {
      newest.moments.push({
        key: `delivery-${delivery.id}`,
        at: delivery.createdAt,
        until: delivery.finishedAt,
        kind: 'delivery',
        words: `webhook ${delivery.type}`,
        delivery,
      });
    }
  }
  return runs.reverse();
}

// Where it stands: at its end, or waiting, from the moment that the service names or else from what
// came before.
function now(task: TaskDetail, before: string | null): Moment[] {
  if (task.completedAt) {
    return [{ key: 'end', at: task.completedAt, kind: 'end', words: task.status }];
  }
  if (task.status !== 'PENDING' && task.status !== 'SCHEDULED') return [];
  const at = task.waiting?.since ?? before;
  if (!at) return [];
  const words = task.retryCount > 0 ? 'waits for the next attempt' : 'waits';
  return [{ key: 'wait-open', at, until: null, kind: 'wait', words }];
}

// The span that the bars are drawn against: from the first moment to the last, or to now.
export function spanOf(run: Run, now: number): { from: number; to: number } {
  const times = run.moments.flatMap((one) => [
    Date.parse(one.at),
    one.until ? Date.parse(one.until) : one.until === null ? now : Date.parse(one.at),
  ]);
  const from = Math.min(...times);
  return { from, to: Math.max(from + 1, ...times) };
}

// A sentence, with words of somebody else in its middle.
export interface Why {
  before: string;
  quoted: string | null;
  after: string;
}
const ownWords = (before: string): Why => ({ before, quoted: null, after: '' });

// Why it stands where it stands, and what can be done.
export function whyOf(task: TaskDetail, now: number): Why | null {
  switch (task.status) {
    case 'FAILED':
      return whyFailed(task);
    case 'EXPIRED':
      if (task.retryCount > 0) {
        return {
          before: 'Its time passed before another attempt could begin. ',
          quoted: task.errorMessage,
          after: ' Clone it with a later one.',
        };
      }
      return ownWords(
        'Its time had passed before an attempt could begin. Clone it with a later one.',
      );
    case 'CANCELLED':
      return task.errorMessage ? { before: '', quoted: task.errorMessage, after: '' } : null;
    case 'SCHEDULED':
      return task.retryCount > 0 ? whyRetried(task, now) : whyWaiting(task, now);
    case 'PENDING':
      return whyWaiting(task, now);
    default:
      return null;
  }
}

// A status is told beside a message that does not tell it itself.
export const statusToTell = (attempt: Attempt): number | null =>
  attempt.httpStatus && !attempt.errorMessage?.includes(String(attempt.httpStatus))
    ? attempt.httpStatus
    : null;

function lastFailure(task: TaskDetail): Why | null {
  const last = task.attempts.at(-1);
  if (!last) return null;
  const status = statusToTell(last);
  const failed = status ? `was answered ${status}` : 'failed';
  const quoted = last.errorMessage ?? task.errorMessage;
  return quoted
    ? { before: `Attempt ${last.number} ${failed}: `, quoted, after: endOf(quoted) }
    : ownWords(`Attempt ${last.number} ${failed}, and no reason was given.`);
}
const endOf = (quoted: string): string => (/[.!?]$/.test(quoted) ? '' : '.');

function whyFailed(task: TaskDetail): Why | null {
  const failure = lastFailure(task);
  if (!failure)
    return task.errorMessage ? { before: '', quoted: task.errorMessage, after: '' } : null;
  const usedUp = task.retryCount >= task.maxRetries;
  const words = usedUp ? 'All attempts of this run are used up.' : 'That was final.';
  const after = `${failure.after} ${words} Mend the cause and retry, or clone it with changes.`;
  return { ...failure, after };
}

function whyRetried(task: TaskDetail, now: number): Why {
  const failure = lastFailure(task) ?? ownWords('');
  const begins = task.nextAttemptAt
    ? relativeText(Math.max(now, Date.parse(task.nextAttemptAt)), now)
    : 'soon';
  const next = `Next attempt, ${task.retryCount + 1} of ${task.maxRetries}: ${begins}.`;
  return { ...failure, after: `${failure.after} ${next}`.trimStart() };
}

function whyWaiting(task: TaskDetail, now: number): Why | null {
  return task.waiting ? ownWords(waitingSentences(task.waiting, now)) : null;
}

const AHEAD_MAX = 10_000;

function waitingSentences(waiting: NonNullable<TaskDetail['waiting']>, now: number): string {
  const words = [sentence(waiting.detail)];
  if (waiting.nextProbeAt) {
    words.push(
      `The next call to it: ${relativeText(Math.max(now, Date.parse(waiting.nextProbeAt)), now)}.`,
    );
  }
  if (waiting.since && !waiting.destination) {
    const waited = durationText(Math.max(0, now - Date.parse(waiting.since)));
    words.push(`It has waited for ${waited}.`);
  }
  if (waiting.ahead === 0) words.push('It is the next of its queue.');
  else if (waiting.ahead !== undefined) {
    const more = waiting.ahead >= AHEAD_MAX ? ' or more' : '';
    words.push(`In its queue, ${numberText(waiting.ahead)}${more} come first.`);
  }
  if (waiting.expectedStartAt) {
    const left = durationText(Math.max(0, Date.parse(waiting.expectedStartAt) - now));
    words.push(`At the pace of the last five minutes it starts in about ${left}.`);
  }
  return words.join(' ');
}
const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

// When the attempts to come would begin, after a failure now: the policy without its jitter. None
// come of what has ended.
export function comingDelays(task: TaskDetail): number[] {
  if (isStatus(task.status) && isFinished(task.status)) return [];
  const policy = task.retry ?? { maxAttempts: task.maxRetries };
  const backoff = ('backoff' in policy && policy.backoff) || 'exponential';
  const initial = ('initialMs' in policy && policy.initialMs) || 1_000;
  const most = ('maxMs' in policy && policy.maxMs) || 3_600_000;
  const delays: number[] = [];
  for (let failed = task.retryCount + 1; failed < task.maxRetries && delays.length < 5; failed++) {
    const factor =
      backoff === 'exponential' ? 2 ** (failed - 1) : backoff === 'linear' ? failed : 1;
    delays.push(Math.min(most, initial * factor));
  }
  return delays;
}

import type { Attempt, TaskDetail } from '../../api/tasks';
import type { WebhookDelivery } from '../../api/webhooks';
import { durationText, numberText } from '../../ui/time';

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
    if (run === task.run && task.completedAt) {
      moments.push({ key: 'end', at: task.completedAt, kind: 'end', words: task.status });
    }
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

// The span that the bars are drawn against: from the first moment to the last, or to now.
export function spanOf(run: Run, now: number): { from: number; to: number } {
  const times = run.moments.flatMap((one) => [
    Date.parse(one.at),
    one.until ? Date.parse(one.until) : one.until === null ? now : Date.parse(one.at),
  ]);
  const from = Math.min(...times);
  return { from, to: Math.max(from + 1, ...times) };
}

// Why it stands where it stands, and what can be done, in a sentence.
export function whySentence(task: TaskDetail, now: number): string | null {
  const last = task.attempts.at(-1);
  const answered = last?.httpStatus ? `was answered ${last.httpStatus}` : 'failed';
  switch (task.status) {
    case 'FAILED':
      return last
        ? `Attempt ${last.number} ${answered}: ${task.errorMessage ?? 'no reason was given'}. ${
            task.retryCount >= task.maxRetries
              ? 'All attempts of this run are used up.'
              : 'That was final.'
          } Mend the cause and retry, or clone it with changes.`
        : (task.errorMessage ?? null);
    case 'EXPIRED':
      return 'Its time had passed before an attempt could begin. Clone it with a later one.';
    case 'CANCELLED':
      return task.errorMessage;
    case 'SCHEDULED':
    case 'PENDING':
      return task.waiting ? waitingSentences(task.waiting, now) : null;
    default:
      return null;
  }
}

const AHEAD_MAX = 10_000;

function waitingSentences(waiting: NonNullable<TaskDetail['waiting']>, now: number): string {
  const words = [sentence(waiting.detail)];
  if (waiting.since) {
    const waited = durationText(Math.max(0, now - Date.parse(waiting.since)));
    words.push(`It waits for ${waited}.`);
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

// When the attempts to come would begin, after a failure now: the policy without its jitter.
export function comingDelays(task: TaskDetail): number[] {
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

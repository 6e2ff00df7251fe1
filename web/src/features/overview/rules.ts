import type { AllMetrics, ErrorGroup } from '../../api/metrics';
import type { Queue } from '../../api/queues';
import type { Endpoint } from '../../api/webhooks';

interface Rates {
  completed: number;
  failed: number;
}

export function successText(rates: Rates): string {
  const ended = rates.completed + rates.failed;
  if (ended === 0) return '–';
  const share = (rates.completed / ended) * 100;
  // Never rounded up to all: a failure shows.
  return `${share === 100 ? '100' : Math.min(share, 99.99).toFixed(share >= 99.9 ? 2 : 1)} %`;
}

const TEXT_MAX = 64;

// The failed tasks of a group, as near as the list can ask: the name and the longest words that the
// errors have in common.
export function groupLink(group: Pick<ErrorGroup, 'taskName' | 'pattern'>): string {
  const words = group.pattern
    .split('#')
    .map((piece) => piece.trim().slice(0, TEXT_MAX))
    .reduce((longest, piece) => (piece.length > longest.length ? piece : longest), '');
  const asked = new URLSearchParams({ status: 'FAILED', name: group.taskName });
  if (words.length > 2) asked.set('text', words);
  return `/tasks?${asked}`;
}

// Something that wants a person: a sentence and the way there.
export interface Need {
  key: string;
  words: string;
  to: string;
  verb: string;
}

const OLD_MS = 60_000;

// Rules over what the API tells, nothing guessed.
export function needsOf(
  metrics: AllMetrics,
  queues: Queue[],
  endpoints: Endpoint[],
  now: number,
): Need[] {
  const needs: Need[] = [];
  const half = Math.floor(metrics.series.length / 2);
  const failedIn = (from: number, to: number) =>
    metrics.series.slice(from, to).reduce((sum, step) => sum + step.failed, 0);
  const before = failedIn(0, half);
  const lately = failedIn(half, metrics.series.length);
  if (lately >= 3 && lately > 3 * before) {
    needs.push({
      key: 'failing',
      words: `${lately} tasks failed in the newer half of this range, ${before} in the half before.`,
      to: '/tasks?status=FAILED',
      verb: 'Show them',
    });
  }
  for (const queue of queues) {
    const told = metrics.queues.find((one) => one.queue === queue.name);
    const waits = queue.pending;
    const to = `/queues/${encodeURIComponent(queue.name)}`;
    if (queue.paused && waits > 0) {
      needs.push({
        key: `paused-${queue.name}`,
        words: `Queue ${queue.name} is paused and ${waits} tasks wait in it.`,
        to,
        verb: 'Open',
      });
      continue;
    }
    const oldest = queue.oldestReadyAt ? now - Date.parse(queue.oldestReadyAt) : 0;
    if (waits > 0 && oldest > OLD_MS && (told?.started ?? 0) === 0) {
      needs.push({
        key: `stuck-${queue.name}`,
        words: `${waits} tasks wait in queue ${queue.name} and none has started in this range: is a worker there?`,
        to,
        verb: 'Open',
      });
    } else if (
      queue.concurrencyLimit &&
      queue.running >= queue.concurrencyLimit &&
      oldest > OLD_MS
    ) {
      needs.push({
        key: `limit-${queue.name}`,
        words: `Queue ${queue.name} runs at its limit of ${queue.concurrencyLimit} while tasks wait for over a minute.`,
        to,
        verb: 'Open',
      });
    }
  }
  for (const endpoint of endpoints) {
    if (endpoint.failingSince === null && endpoint.disabledReason === null) continue;
    needs.push({
      key: `endpoint-${endpoint.id}`,
      words: endpoint.disabledReason
        ? `The webhook ${endpoint.url} is disabled: ${endpoint.disabledReason}.`
        : `The webhook ${endpoint.url} is failing.`,
      to: `/webhooks/${endpoint.id}`,
      verb: 'Open',
    });
  }
  return needs;
}

import type { AllMetrics, ErrorGroup } from '../../api/metrics';
import type { Queue } from '../../api/queues';
import type { Endpoint } from '../../api/webhooks';
import { disabledWords } from '../../shared/states';
import { durationText, plural, relativeText } from '../../ui/time';

interface Rates {
  completed: number;
  failed: number;
}

type Destination = NonNullable<AllMetrics['destinations']>[number];

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

// A group's tasks, with the question whether all of them are to run again.
export const retryLink = (group: Pick<ErrorGroup, 'taskName' | 'pattern'>): string =>
  `${groupLink(group)}&ask=retry`;

// Something that wants a person: a sentence, the way there, and what can be done at once.
export interface Need {
  key: string;
  // What it is about, and what that says: words of others.
  subject?: string;
  words: string;
  quoted?: string;
  to: string;
  verb: string;
  retryTo?: string;
  resume?: Queue;
}

const OLD_MS = 60_000;
const GROUP_MIN = 3;
const GROUPS_MAX = 3;

// Rules over what the API tells, nothing guessed.
export function needsOf(
  metrics: AllMetrics,
  queues: Queue[],
  endpoints: Endpoint[],
  groups: ErrorGroup[],
  now: number,
): Need[] {
  const failing = failingGroups(groups, now);
  return [
    ...(failing.length > 0 ? failing : risingFailures(metrics)),
    ...(metrics.destinations ?? []).flatMap((one) => heldDestination(one, now)),
    ...queues.flatMap((queue) => heldQueue(queue, metrics, now)),
    ...endpoints.flatMap(failingEndpoint),
  ];
}

function failingGroups(groups: ErrorGroup[], now: number): Need[] {
  return groups
    .filter((group) => group.count >= GROUP_MIN)
    .slice(0, GROUPS_MAX)
    .map((group) => ({
      key: `errors-${group.fingerprint}`,
      subject: group.taskName,
      words: `${plural(group.count, 'task')} failed, the last ${agoText(group.lastAt, now)},`,
      quoted: group.errorMessage,
      to: groupLink(group),
      verb: 'Show',
      retryTo: retryLink(group),
    }));
}

// Both clocks tick, and the last failure may be newer than the page's last tick.
function agoText(at: string, now: number): string {
  const words = relativeText(Math.min(Date.parse(at), now), now);
  return words === 'now' ? 'just now' : words;
}

// Many failures that have no words in common.
function risingFailures(metrics: AllMetrics): Need[] {
  const half = Math.floor(metrics.series.length / 2);
  const failedIn = (from: number, to: number) =>
    metrics.series.slice(from, to).reduce((sum, step) => sum + step.failed, 0);
  const before = failedIn(0, half);
  const lately = failedIn(half, metrics.series.length);
  if (lately < 3 || lately <= 3 * before) return [];
  return [
    {
      key: 'failing',
      words: `${lately} tasks failed in the newer half of this range, ${before} in the half before.`,
      to: '/tasks?status=FAILED',
      verb: 'Show',
    },
  ];
}

// Tasks that wait because their target does not respond.
function heldDestination(one: Destination, now: number): Need[] {
  if (one.state !== 'open' || one.waiting === 0) return [];
  const wait = `${plural(one.waiting, 'task')} ${one.waiting === 1 ? 'waits' : 'wait'}`;
  const since = durationText(Math.max(0, now - Date.parse(one.since)));
  const error = one.lastError ?? 'no answer';
  const words = `has not responded for ${since} (${error}): ${wait} for it.`;
  return [
    {
      key: `destination-${one.destination}`,
      subject: one.destination,
      words,
      to: '/tasks?status=PENDING',
      verb: 'Show',
    },
  ];
}

function heldQueue(queue: Queue, metrics: AllMetrics, now: number): Need[] {
  const told = metrics.queues.find((one) => one.queue === queue.name);
  const at = { to: `/queues/${encodeURIComponent(queue.name)}`, verb: 'Open' };
  const wait = `${plural(queue.pending, 'task')} ${queue.pending === 1 ? 'waits' : 'wait'}`;
  if (queue.paused && queue.pending > 0) {
    const words = `Queue ${queue.name} is paused while ${wait}.`;
    return [{ key: `paused-${queue.name}`, words, ...at, resume: queue }];
  }
  const oldest = queue.oldestReadyAt ? now - Date.parse(queue.oldestReadyAt) : 0;
  if (queue.pending === 0 || oldest <= OLD_MS) return [];
  if ((told?.started ?? 0) === 0) {
    const words = `${wait} in queue ${queue.name} and none has started in this range: is a worker there?`;
    return [{ key: `stuck-${queue.name}`, words, ...at }];
  }
  if (queue.concurrencyLimit && queue.running >= queue.concurrencyLimit) {
    const words = `Queue ${queue.name} runs at its limit of ${queue.concurrencyLimit} while tasks have waited for over a minute.`;
    return [{ key: `limit-${queue.name}`, words, ...at }];
  }
  return [];
}

function failingEndpoint(endpoint: Endpoint): Need[] {
  if (endpoint.failingSince === null && endpoint.disabledReason === null) return [];
  const state = endpoint.disabledReason
    ? `is disabled: ${disabledWords(endpoint.disabledReason)}`
    : 'is failing';
  return [
    {
      key: `endpoint-${endpoint.id}`,
      words: `The webhook to ${endpoint.url} ${state}.`,
      to: `/webhooks/${endpoint.id}`,
      verb: 'Open',
    },
  ];
}

import type { DeliveryState, Endpoint, WebhookDelivery } from '../api/webhooks';

export const EVENTS = [
  'task.submitted',
  'task.started',
  'task.retrying',
  'task.completed',
  'task.failed',
  'task.cancelled',
  'task.expired',
] as const;

export const DELIVERY_WORDS: Record<DeliveryState, string> = {
  HELD: 'Held',
  WAITING: 'Waiting',
  DELIVERED: 'Delivered',
  EXHAUSTED: 'Given up',
};
// Waiting after a failed attempt is retrying.
export const deliveryWord = (one: WebhookDelivery): string =>
  one.state === 'WAITING' && one.attempts > 0 ? 'Retrying' : DELIVERY_WORDS[one.state];

export const isFailing = (one: Endpoint): boolean =>
  one.failingSince !== null || one.disabledReason !== null;

// Failing first, longest failing at the top; the newest next.
export function failingFirst(endpoints: Endpoint[]): Endpoint[] {
  const since = (one: Endpoint) =>
    one.failingSince ? Date.parse(one.failingSince) : Number.MAX_SAFE_INTEGER;
  return [...endpoints].sort(
    (a, b) =>
      Number(isFailing(b)) - Number(isFailing(a)) ||
      since(a) - since(b) ||
      Date.parse(b.createdAt) - Date.parse(a.createdAt),
  );
}

export const eventWords = (events: string[]): string =>
  events.length === EVENTS.length || events.length === 0 ? 'all events' : events.join(', ');

// What an attempt to deliver came to.
const FAILURES: Record<string, string> = {
  destination_forbidden: 'its address is not allowed',
  name_not_resolved: 'its host was not found',
  connect_failed: 'no connection',
  tls_failed: 'no secure connection',
  timed_out: 'no answer in time',
  connection_broken: 'the connection broke',
  malformed_answer: 'the answer was not HTTP',
  cancelled: 'broken off',
  endpoint_disabled: 'the endpoint is disabled',
};
export function answerWords(one: { httpStatus: number | null; failure: string | null }): string {
  if (one.httpStatus !== null) return `answered ${one.httpStatus}`;
  if (one.failure === null) return 'no answer';
  return FAILURES[one.failure] ?? one.failure.replaceAll('_', ' ');
}

const DISABLED: Record<string, string> = {
  gone: 'it answered 410 Gone',
  failing: 'it failed for too long',
};
export const disabledWords = (reason: string): string => DISABLED[reason] ?? reason;

// The receiver of a delivery, as people call it: what its endpoint is described as, or its host.
export function receiverOf(one: WebhookDelivery, endpoints: Endpoint[]): string {
  const endpoint = endpoints.find((other) => other.id === one.endpointId);
  if (endpoint) return endpoint.description || hostOf(endpoint.url);
  return one.callbackUrl ? hostOf(one.callbackUrl) : 'a removed endpoint';
}
function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

// How many of its attempts a task has begun in this run, of all that it may take.
export function attemptsBegun(task: { status: string; retryCount: number }): number {
  return task.retryCount + (task.status === 'RUNNING' || task.status === 'COMPLETED' ? 1 : 0);
}

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

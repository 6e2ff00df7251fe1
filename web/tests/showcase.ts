import { receiver } from './services';
import type { Tenant } from './support';

// A tenant with something on every page: what ran, failed, waits, runs, comes later, is told.
export interface Showcase {
  // Failed, after two attempts.
  failed: string;
  // Failed, with text of others that would break a page.
  foreign: string;
  running: string;
  // Waits an hour for its second attempt.
  retrying: string;
  endpoint: string;
  end: () => void;
}

// Hebrew, an embedding that is never closed, and no place to break a line.
export const FOREIGN = `\u05E9\u05DC\u05D5\u05DD\u202Edlrow ${'unbroken'.repeat(24)}`;
// The same as a name, which may not hold direction marks.
export const FOREIGN_NAME = FOREIGN.replace('\u202E', '');

export async function showcase(tenant: Tenant): Promise<Showcase> {
  const billing = await receiver();
  const ops = await receiver();
  ops.answer(503, 'try again later');
  const endpoint = await addEndpoint(tenant, billing.url, 'Billing');
  await addEndpoint(tenant, ops.url, 'Ops');
  await tenant.call('POST', '/api/v1/api-keys', { name: 'ci', scopes: ['tasks:read'] });
  await runSome(tenant);
  const failed = await failOne(tenant, { taskName: 'charge', queue: 'pay', maxRetries: 2 }, 2, {
    errorMessage: 'card declined: insufficient funds',
  });
  const hostile = {
    taskName: FOREIGN_NAME,
    queue: 'mail',
    labels: { note: FOREIGN.slice(0, 200) },
  };
  const foreign = await failOne(tenant, hostile, 1, { errorMessage: FOREIGN, retryable: false });
  const hour = { maxAttempts: 3, initialMs: 3_600_000, jitter: 0 };
  const retrying = await failOne(tenant, { taskName: 'send_mail', queue: 'mail', retry: hour }, 1, {
    errorMessage: 'the mail server asks for patience',
  });
  const running = await runOne(tenant);
  await tenant.submit({ taskName: 'nightly_report', queue: 'reports', delayMs: 3_600_000 });
  await pauseWithWaiting(tenant);
  return {
    failed,
    foreign,
    running,
    retrying,
    endpoint,
    end: () => {
      billing.end();
      ops.end();
    },
  };
}

async function addEndpoint(tenant: Tenant, url: string, description: string): Promise<string> {
  const made = { url, description, events: ['task.failed'] };
  return (await tenant.call<{ id: string }>('POST', '/api/v1/webhooks', made)).id;
}

async function runSome(tenant: Tenant): Promise<void> {
  const names = ['send_mail', 'charge', 'reconcile'];
  const queues = ['mail', 'pay', 'pay'];
  const batch = Array.from({ length: 60 }, (_, i) => ({
    taskName: names[i % 3],
    queue: queues[i % 3],
    payload: { order: 1_000 + i, to: 'a@example.com' },
    target: { type: 'echo', delayMs: (i * 7) % 90 },
  }));
  await tenant.call('POST', '/api/v1/tasks/bulk', batch);
  const failing = { type: 'echo', failTimes: 9 };
  const retry = { maxAttempts: 2, initialMs: 50 };
  for (let i = 0; i < 4; i++) {
    const id = await tenant.submit({ taskName: 'reconcile', queue: 'pay', target: failing, retry });
    await tenant.waitFor(id, 'FAILED');
  }
}

// The one pulled task that waits, as its worker has it.
async function lease(tenant: Tenant): Promise<{ leaseToken: string }> {
  const leased = await tenant.call<{ tasks: { leaseToken: string }[] }>('POST', '/api/v1/leases', {
    queues: ['mail', 'pay'],
    worker: 'worker-7',
    waitMs: 20_000,
    leaseMs: 600_000,
  });
  if (!leased.tasks[0]) throw new Error('no task was leased');
  return { leaseToken: leased.tasks[0].leaseToken };
}

async function failOne(
  tenant: Tenant,
  task: object,
  attempts: number,
  failure: object,
): Promise<string> {
  const soon = { retry: { maxAttempts: attempts, initialMs: 50 } };
  const id = await tenant.submit({
    payload: { order: 1_042, amount: '19.90' },
    target: { type: 'worker' },
    ...soon,
    ...task,
  });
  for (let i = 0; i < attempts; i++) {
    await tenant.call('POST', `/api/v1/tasks/${id}/fail`, { ...(await lease(tenant)), ...failure });
  }
  return id;
}

async function runOne(tenant: Tenant): Promise<string> {
  const id = await tenant.submit({
    taskName: 'reconcile',
    queue: 'pay',
    payload: { ledger: 'ledger.csv', settlement: 'settlement.csv' },
    target: { type: 'worker' },
    tags: ['month-end'],
  });
  await tenant.call('POST', `/api/v1/tasks/${id}/heartbeat`, {
    ...(await lease(tenant)),
    progress: { percent: 64, text: '3,200 of 5,000 rows' },
    logs: ['read ledger.csv', 'read settlement.csv', FOREIGN],
    extendMs: 600_000,
  });
  return id;
}

async function pauseWithWaiting(tenant: Tenant): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await tenant.submit({ taskName: 'report', queue: 'reports', target: { type: 'worker' } });
  }
  await tenant.call('POST', '/api/v1/queues/reports/pause', { reason: 'storage is moved' });
}

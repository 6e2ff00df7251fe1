import type { Page } from '@playwright/test';
import { receiver } from './services';
import { FOREIGN, FOREIGN_NAME } from './showcase';
import { expect, signIn, Tenant, test } from './support';

const title = (page: Page) => page.getByRole('heading', { level: 1 });
const button = (page: Page, name: string) =>
  page.getByRole('main').getByRole('button', { name, exact: true });

async function leaseOne(tenant: Tenant): Promise<string> {
  const leased = await tenant.call<{ tasks: { leaseToken: string }[] }>('POST', '/api/v1/leases', {
    worker: FOREIGN_NAME.slice(0, 64),
    waitMs: 20_000,
  });
  return leased.tasks[0]?.leaseToken ?? '';
}

test('retry and cancel keep their places whatever becomes of the task', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'placed', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
  await expect(title(page)).toContainText('Pending');
  const places = () =>
    Promise.all(['Retry', 'Cancel', 'curl'].map((name) => button(page, name).boundingBox()));
  const before = await places();
  expect(before).not.toContain(null);
  await expect(button(page, 'Retry')).toBeDisabled();
  const leaseToken = await leaseOne(tenant);
  await expect(title(page)).toContainText('Running');
  expect(await places()).toEqual(before);
  await tenant.call('POST', `/api/v1/tasks/${id}/complete`, { leaseToken });
  await expect(title(page)).toContainText('Completed');
  expect(await places()).toEqual(before);
  await expect(button(page, 'Cancel')).toBeDisabled();
  await expect(button(page, 'Retry')).toBeEnabled();
});

test('a delivery names its endpoint, says what came of it, and is sent again', async ({ page }) => {
  const hook = await receiver();
  try {
    const tenant = await Tenant.make();
    const events = ['task.completed'];
    await tenant.call('POST', '/api/v1/webhooks', { url: hook.url, description: 'Ops', events });
    const id = await tenant.submit({ taskName: 'told', target: { type: 'echo' } });
    await expect.poll(() => hook.heard.length).toBe(1);
    await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
    const line = page.getByRole('button', { name: 'webhook task.completed to Ops: delivered' });
    await expect(line).toBeVisible();
    await page.getByRole('button', { name: /^Redeliver task.completed/ }).click();
    await expect.poll(() => hook.heard.length).toBe(2);
    await line.click();
    await expect(page.getByText('answered 200').first()).toBeVisible();
  } finally {
    hook.end();
  }
});

test('a delivery that nobody answers says so in words', async ({ page }) => {
  const tenant = await Tenant.make();
  const gone = await receiver();
  gone.end();
  const callbackUrl = gone.url;
  const id = await tenant.submit({ taskName: 'unheard', target: { type: 'echo' }, callbackUrl });
  await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
  const host = new URL(callbackUrl).host;
  await page.getByRole('button', { name: `webhook task.completed to ${host}: retrying` }).click();
  await expect(page.getByText('no connection')).toBeVisible();
  await expect(page.getByText('connect_failed')).toHaveCount(0);
});

test('a retry that is put off says when it comes, and a wait since when', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({
    taskName: 'again',
    target: { type: 'worker' },
    retry: { maxAttempts: 3, initialMs: 3_600_000, jitter: 0 },
  });
  await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
  const waits = page.getByRole('listitem').filter({ hasText: /waits$|waits\s*\d/ });
  await expect(waits.locator('time')).toBeVisible();
  await expect(page.getByText('0 of 3 begun')).toBeVisible();
  const leaseToken = await leaseOne(tenant);
  await expect(page.getByText('1 of 3 begun')).toBeVisible();
  const errorMessage = 'the mail server asks for patience';
  await tenant.call('POST', `/api/v1/tasks/${id}/fail`, { leaseToken, errorMessage });
  await expect(page.getByRole('alert')).toContainText(
    /patience\. Next attempt, 2 of 3: in (1 h 00|59) m\./,
  );
  await expect(page.getByText('again after about')).toBeVisible();
  await page.goto('./tasks');
  const row = page.locator(`[data-id="${id}"]`);
  await expect(row).toContainText(/1\/3next attempt in (1 h 00|59) m: the mail server/);
  await tenant.call('DELETE', `/api/v1/tasks/${id}`);
  await page.goto(`./tasks/${id}`);
  await expect(title(page)).toContainText('Cancelled');
  await expect(page.getByText('again after about')).toHaveCount(0);
});

test('text of others keeps to itself', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: FOREIGN_NAME, target: { type: 'worker' } });
  const leaseToken = await leaseOne(tenant);
  await tenant.call('POST', `/api/v1/tasks/${id}/heartbeat`, { leaseToken, logs: [FOREIGN] });
  const failure = { leaseToken, errorMessage: FOREIGN, retryable: false };
  await tenant.call('POST', `/api/v1/tasks/${id}/fail`, failure);
  await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
  // Each place of it: the title, why it failed, the log.
  await expect(title(page).locator('bdi')).toHaveText(FOREIGN_NAME);
  for (const place of [page.getByRole('alert'), page.getByRole('region', { name: 'Log' })]) {
    await expect(place.locator('bdi')).toHaveText(FOREIGN);
  }
  await expect(page.getByRole('alert')).toContainText('That was final.');
});

import type { Page } from '@playwright/test';
import { expect, signIn, Tenant, test } from './support';

const needs = (page: Page) => page.getByRole('region', { name: 'What needs you' });

test('what fails over and over is named, and all of it is run again after a question', async ({
  page,
}) => {
  const tenant = await Tenant.make();
  const ids = [];
  for (let i = 0; i < 3; i++) {
    const task = { taskName: 'send_mail', target: { type: 'echo', failTimes: 9 }, maxRetries: 1 };
    ids.push(await tenant.submit(task));
  }
  for (const id of ids) await tenant.waitFor(id, 'FAILED');
  const target = { type: 'worker' };
  const other = await tenant.submit({ taskName: 'untouched', target });
  await tenant.call('DELETE', `/api/v1/tasks/${other}`);
  await signIn(page, tenant.account.apiKey, '/');
  await expect(needs(page)).toContainText('send_mail: 3 tasks failed');
  await expect(needs(page)).toContainText('with «the echo target was told to fail');
  await needs(page).getByRole('link', { name: 'Retry all…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Retry 3 tasks?');
  await expect(page).toHaveURL(/status=FAILED/);
  await expect(page).not.toHaveURL(/ask=/);
  await dialog.getByRole('button', { name: 'Leave them' }).click();
  await expect(dialog).toHaveCount(0);
  // The question went with its answer: reading the page again does not ask it.
  await page.reload();
  await expect(page.getByRole('row')).toHaveCount(4);
  await expect(dialog).toHaveCount(0);
  await page.goto('./');
  await needs(page).getByRole('link', { name: 'Retry all…' }).click();
  await dialog.getByRole('button', { name: 'Retry 3 tasks' }).click();
  await expect(page.getByText('Retried 3 tasks.')).toBeVisible();
  const runs = async (id: string) =>
    (await tenant.call<{ run: number }>('GET', `/api/v1/tasks/${id}`)).run;
  for (const id of ids) expect(await runs(id)).toBe(2);
  expect(await runs(other)).toBe(1);
});

test('a paused queue with waiting tasks is resumed from the overview', async ({ page }) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'held', queue: 'mail', target: { type: 'worker' } });
  await tenant.call('POST', '/api/v1/queues/mail/pause', { reason: 'mail server moves' });
  await signIn(page, tenant.account.apiKey, '/');
  await expect(needs(page)).toContainText('Queue mail is paused while 1 task waits.');
  await needs(page).getByRole('button', { name: 'Resume mail' }).click();
  await expect(page.getByText('Resumed mail.')).toBeVisible();
  await expect(needs(page)).toContainText('Nothing needs you.');
});

test('first steps keep their ticks until all of them are done', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/');
  const done = page.getByRole('img', { name: 'Done' });
  await expect(page.getByRole('list', { name: 'First steps' }).getByRole('listitem')).toHaveCount(
    4,
  );
  await expect(done).toHaveCount(0);
  const first = await tenant.submit({ taskName: 'hello', target: { type: 'echo' } });
  await tenant.waitFor(first, 'COMPLETED');
  const steps = page.getByRole('region', { name: 'First steps' });
  await expect(steps).toContainText('First steps (2 of 4)');
  await expect(done).toHaveCount(2);
  await tenant.call('POST', '/api/v1/webhooks', { url: 'https://example.com/hook' });
  await page.reload();
  await expect(steps).toContainText('First steps (3 of 4)');
  await tenant.submit({ taskName: 'pulled', target: { type: 'worker' } });
  await tenant.call('POST', '/api/v1/leases', { waitMs: 20_000 });
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Next due' })).toBeVisible();
  await expect(steps).toHaveCount(0);
});

test('an empty payload is not marked, a broken one is', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/submit');
  const editor = page.locator('.cm-content');
  const mark = page.locator('.cm-lint-marker-error');
  await editor.click();
  await page.keyboard.insertText('{');
  await expect(mark).toHaveCount(1);
  await page.keyboard.press('Backspace');
  await expect(mark).toHaveCount(0);
  await expect(editor).toHaveText('');
});

test('an empty list offers its first call, to be copied', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/tasks');
  for (const [path, call] of [
    ['tasks', '-X POST "$BELFRY"\'/api/v1/tasks\''],
    ['queues', '-X PUT "$BELFRY"\'/api/v1/queues/mail\''],
    ['webhooks', '-X POST "$BELFRY"\'/api/v1/webhooks\''],
  ] as const) {
    await page.goto(`./${path}`);
    await page.getByRole('button', { name: 'Copy curl' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied, path).toContain(`curl ${call}`);
  }
});

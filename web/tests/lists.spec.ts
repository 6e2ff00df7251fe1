import type { Page } from '@playwright/test';
import { expect, listRead, openTasks, Tenant, test } from './support';

const WORKER = { type: 'worker' };
const row = (page: Page, id: string) => page.locator(`[data-id="${id}"]`);
const rows = (page: Page) => page.locator('[data-id]');
const fresh = (page: Page) => page.getByRole('button', { name: /^[\d,+]+ new$/ });
const LISTED = /\/v1\/tasks\?/;

async function several(tenant: Tenant, count: number, task: object): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 500) {
    const made = await tenant.call<{ results: { task: { taskId: string } }[] }>(
      'POST',
      '/api/v1/tasks/bulk',
      Array.from({ length: Math.min(500, count - at) }, () => ({ target: WORKER, ...task })),
    );
    ids.push(...made.results.map((one) => one.task.taskId));
  }
  return ids;
}
const cancel = (tenant: Tenant, id: string) => tenant.call('DELETE', `/api/v1/tasks/${id}`);

test('a list of a status counts what comes into it, and nothing else', async ({ page }) => {
  const tenant = await Tenant.make();
  const waiting = await several(tenant, 4, { taskName: 'waits' });
  await cancel(tenant, waiting[0] ?? '');
  await openTasks(page, tenant, '/tasks?status=CANCELLED');
  await expect(rows(page)).toHaveCount(1);
  // Others end otherwise, or only begin.
  const done = await tenant.submit({ taskName: 'done', target: { type: 'echo' } });
  await tenant.waitFor(done, 'COMPLETED');
  await cancel(tenant, waiting[1] ?? '');
  await expect(fresh(page)).toHaveText('1 new');
  await cancel(tenant, waiting[2] ?? '');
  await expect(fresh(page)).toHaveText('2 new');
  // One leaves again.
  await tenant.call('POST', `/api/v1/tasks/${waiting[2]}/retry`, {});
  await expect(fresh(page)).toHaveText('1 new');
  await fresh(page).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(fresh(page)).toHaveCount(0);
});

test('news that only the list itself can judge is asked of it', async ({ page }) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'mine', target: WORKER });
  await openTasks(page, tenant, '/tasks?name=mine');
  const asked = listRead(page);
  await tenant.submit({ taskName: 'other', target: WORKER });
  await asked;
  await expect(fresh(page)).toHaveCount(0);
  await tenant.submit({ taskName: 'mine', target: WORKER });
  await expect(fresh(page)).toHaveText('1 new');
});

test('an empty list announces its first task', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'waits', target: WORKER });
  await openTasks(page, tenant, '/tasks?status=CANCELLED');
  await expect(page.getByText('Nothing matches these filters.')).toBeVisible();
  await cancel(tenant, id);
  await expect(fresh(page)).toHaveText('1 new');
});

test('a list that is followed goes on while tasks keep coming, and holds while it is used', async ({
  page,
}) => {
  const tenant = await Tenant.make();
  const first = await tenant.submit({ taskName: 'first', target: WORKER });
  await openTasks(page, tenant);
  const table = await page.getByRole('table', { name: 'Tasks' }).elementHandle();
  await page.getByRole('switch', { name: 'Follow' }).check();
  let coming = true;
  const submitting = (async () => {
    while (coming) await tenant.submit({ taskName: 'late', target: WORKER });
  })();
  try {
    await expect(page.getByRole('link', { name: 'late' }).first()).toBeVisible();
    expect(await table?.evaluate((it) => it.isConnected), 'the same rows').toBe(true);
    await page.locator('[data-main]').first().focus();
    await expect(page.getByText(/^Held: [\d,]+ new$/)).toBeVisible();
    await page.getByRole('heading', { level: 1 }).click();
    await page.getByRole('button', { name: 'Columns' }).click();
    await expect(page.getByText(/^Held: [\d,]+ new$/)).toBeVisible();
  } finally {
    coming = false;
    await submitting;
  }
  expect(await row(page, first).count()).toBeLessThanOrEqual(1);
});

test('a list by age stays as it is while the clock goes on', async ({ page }) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'young', target: WORKER });
  await page.clock.install();
  await openTasks(page, tenant, '/tasks?created=1h');
  await expect(rows(page)).toHaveCount(1);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (LISTED.test(request.url())) asked.push(request.url());
  });
  await page.clock.runFor(150_000);
  await expect(page.locator('time').first()).toHaveText(/^[23] m ago$/);
  expect(asked).toEqual([]);
});

test('Back and the link in a task restore filters, pages and scroll', async ({ page }) => {
  const tenant = await Tenant.make();
  await several(tenant, 240, { taskName: 'many' });
  await openTasks(page, tenant, '/tasks?name=many');
  const body = page.getByTestId('rows');
  const deep = row(page, (await tenant.named('many'))[150] ?? '');
  for (const top of [2_400, 4_500, 5_200]) {
    await body.evaluate((it, to) => it.scrollTo(0, to), top);
    await expect.poll(() => body.evaluate((it) => it.scrollTop)).toBe(top);
    await expect(rows(page).first()).toBeVisible();
  }
  await expect(deep).toBeVisible();
  const before = await deep.boundingBox();
  for (const back of ['Back', 'Tasks']) {
    await deep.getByRole('link').click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('many');
    if (back === 'Back') await page.goBack();
    else await page.getByLabel('Around this task').getByRole('link', { name: 'Tasks' }).click();
    await expect(page).toHaveURL(/\/tasks\?name=many$/);
    await expect(deep, back).toBeVisible();
    expect(await deep.boundingBox(), back).toEqual(before);
  }
});

test('a phone shows why, selects, and steers single rows', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  const tenant = await Tenant.make();
  const id = await tenant.submit({
    taskName: 'a-name-that-is-much-too-long-for-the-first-line-of-a-row-on-a-phone',
    target: { type: 'echo', failTimes: 9 },
    maxRetries: 1,
  });
  await tenant.waitFor(id, 'FAILED');
  const { errorMessage } = await tenant.call<{ errorMessage: string }>(
    'GET',
    `/api/v1/tasks/${id}`,
  );
  await openTasks(page, tenant);
  const failed = row(page, id);
  await expect(failed.getByText(errorMessage)).toBeVisible();
  const clipped = await failed.evaluate((it) => it.scrollHeight > it.clientHeight + 1);
  expect(clipped).toBe(false);
  await failed.getByRole('checkbox').check();
  await expect(page.getByText('1 task selected')).toBeVisible();
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await failed.getByRole('button', { name: /^More for/ }).click();
  await page.getByRole('menuitem', { name: 'Retry…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Retry 1 task?');
  await dialog.getByRole('button', { name: 'Retry 1 task' }).click();
  await expect(page.getByText('Retried 1 task.')).toBeVisible();
});

test('more rows are selected than one call takes, and all of them are cancelled', async ({
  page,
}) => {
  const tenant = await Tenant.make();
  const ids = await several(tenant, 1_050, { taskName: 'many' });
  await openTasks(page, tenant, '/tasks?status=PENDING');
  const body = page.getByTestId('rows');
  await expect(page.getByText('100+ tasks')).toBeVisible();
  await expect
    .poll(async () => {
      await body.evaluate((it) => it.scrollTo(0, it.scrollHeight));
      return page.getByText('1,050 tasks').count();
    })
    .toBe(1);
  await page.getByRole('checkbox', { name: 'Select all loaded rows' }).check();
  await expect(page.getByRole('button', { name: 'Cancel all…' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Retry all…' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Cancel 1,050' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('1050');
  await dialog.getByRole('button', { name: 'Cancel 1,050 tasks' }).click();
  await expect(page.getByText('Cancelled 1,050 tasks.')).toBeVisible();
  for (const id of [ids[0], ids.at(-1)]) await tenant.waitFor(id ?? '', 'CANCELLED');
});

test('what matched when it was asked is what is sent', async ({ page }) => {
  const tenant = await Tenant.make();
  const ids = await several(tenant, 5, { taskName: 'job', queue: 'mail' });
  await cancel(tenant, ids[0] ?? '');
  await cancel(tenant, ids[1] ?? '');
  await openTasks(page, tenant, '/tasks?queue=mail&status=CANCELLED');
  await page.getByRole('button', { name: 'Retry all…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Retry 2 tasks?');
  await expect(dialog).toContainText('queue: mail');
  await expect(dialog).toContainText('Cancelled');
  await cancel(tenant, ids[2] ?? '');
  await dialog.getByText('The same as curl').click();
  const told = await dialog.locator('pre').textContent();
  const sent = page.waitForRequest((request) => request.url().endsWith('/tasks/retry'));
  await dialog.getByRole('button', { name: 'Retry 2 tasks' }).click();
  expect(told).toContain((await sent).postData() ?? 'nothing was sent');
  await expect(page.getByText('Retried 2 tasks.')).toBeVisible();
  await tenant.waitFor(ids[2] ?? '', 'CANCELLED');
});

test('keys reach the table wherever the focus is', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'older', target: WORKER });
  await cancel(tenant, id);
  await tenant.submit({ taskName: 'newer', target: WORKER });
  await openTasks(page, tenant);
  await expect(rows(page)).toHaveCount(2);
  await page.keyboard.press('j');
  await expect(page.getByRole('link', { name: 'newer' })).toBeFocused();
  await page.keyboard.press('j');
  await expect(page.getByRole('link', { name: 'older' })).toBeFocused();
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Retry 1 task?');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await page.keyboard.press('x');
  await expect(page.getByText('1 task selected')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByText('1 task selected')).toHaveCount(0);
  await page.keyboard.press('k');
  await page.keyboard.press('Delete');
  await expect(dialog).toContainText('Cancel 1 task?');
  await dialog.getByRole('button', { name: 'Cancel 1 task' }).click();
  await expect(page.getByText('Cancelled 1 task.')).toBeVisible();
});

test('an address with several values keeps them, and says what it drops', async ({ page }) => {
  const tenant = await Tenant.make();
  for (const queue of ['a', 'b', 'c']) {
    await tenant.submit({ taskName: `in ${queue}`, queue, target: WORKER });
  }
  await openTasks(page, tenant, '/tasks?queue=a&queue=b&status=NOPE');
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByText('Not known here, so left out: status=NOPE')).toBeVisible();
  const field = page.getByLabel('Filter', { exact: true });
  await field.focus();
  await expect(page.locator('datalist option[value="queue:c"]')).toHaveCount(1);
  await expect(page.locator('datalist option[value=\'name:"in a"\']')).toHaveCount(1);
  await field.fill('name:"in a"');
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/queue=a&queue=b/);
  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole('button', { name: 'Remove the filter name: in a' })).toBeVisible();
});

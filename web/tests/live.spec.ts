import type { Page } from '@playwright/test';
import { Pair, proxyTo } from './services';
import { expect, OPERATOR_KEY, signIn, Tenant, test } from './support';

const live = (page: Page) => page.getByRole('banner').getByRole('status');

// A new task stands behind «1 new», or, if the list was just being read, in the list: in one of both.
const seen = (page: Page, name: string, rows: number) =>
  expect
    .poll(
      async () =>
        (await page.getByRole('link', { name, exact: true }).count()) +
        (await page.getByRole('button', { name: '1 new', exact: true }).count()),
    )
    .toBe(rows);

test('nine tabs share one stream, and another takes over when its tab closes', async ({ page }) => {
  const tenant = await Tenant.make();
  const first = await tenant.submit({ taskName: 'shared', target: { type: 'worker' } });
  const streams: string[] = [];
  page.context().on('request', (request) => {
    if (/\/live(\?|$)/.test(request.url())) streams.push(request.url());
  });
  await signIn(page, tenant.account.apiKey, '/tasks');
  await expect(live(page)).toHaveText('live');
  const tabs = [page];
  for (let i = 1; i < 9; i++) {
    const tab = await page.context().newPage();
    await tab.goto('./tasks');
    await expect(tab.locator(`[data-id="${first}"]`)).toBeVisible();
    tabs.push(tab);
  }
  for (const tab of tabs) await expect(live(tab)).toHaveText('live');
  expect(streams).toHaveLength(1);

  await tenant.call('DELETE', `/api/v1/tasks/${first}`);
  for (const tab of tabs) {
    await expect(tab.locator(`[data-id="${first}"]`)).toContainText('Cancelled');
  }

  const [leader, ...others] = tabs;
  await leader?.close();
  await expect.poll(() => streams.length).toBe(2);
  await tenant.submit({ taskName: 'after', target: { type: 'worker' } });
  for (const tab of others) await seen(tab, 'after', 1);
});

test('a stopped scheduler shows as stale, a started one goes on without a gap', async ({
  page,
  faults,
}) => {
  faults.expected = /status of 50[234]/;
  const pair = await Pair.start();
  try {
    const tenant = await Tenant.make('outage', pair.api);
    const kept = await tenant.submit({ taskName: 'kept', target: { type: 'worker' } });
    await signIn(page, tenant.account.apiKey, '/tasks', pair.page);
    const row = page.locator(`[data-id="${kept}"]`);
    await expect(row).toContainText('Pending');
    await expect(live(page)).toHaveText('live');

    await pair.stopScheduler();
    await expect(live(page)).toContainText('stale', { timeout: 20_000 });
    await expect(row).toContainText('Pending');

    await pair.startScheduler();
    await tenant.renewToken();
    await tenant.call('DELETE', `/api/v1/tasks/${kept}`);
    await tenant.submit({ taskName: 'late', target: { type: 'worker' } });
    await expect(live(page)).toHaveText('live', { timeout: 20_000 });
    await expect(row).toContainText('Cancelled');
    await seen(page, 'late', 1);
    await page.goto('about:blank');
  } finally {
    await pair.end();
  }
});

test('all of it works under a path prefix and behind a proxy', async ({ page }) => {
  const pair = await Pair.start(['--prefix', '/ops/belfry']);
  const proxy = await proxyTo(pair.page);
  try {
    const outside: string[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol === 'http:' && !url.pathname.startsWith('/ops/belfry/')) {
        outside.push(request.url());
      }
    });
    const tenant = await Tenant.make('prefixed', pair.api);
    const id = await tenant.submit({ taskName: 'below', payload: { a: 1 } });
    await signIn(page, tenant.account.apiKey, '/tasks', `${proxy.address}/ops/belfry`);
    await expect(live(page)).toHaveText('live');
    await page.getByRole('link', { name: 'below' }).click();
    await expect(page).toHaveURL(`${proxy.address}/ops/belfry/tasks/${id}`);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('below');
    await expect(page.locator('.cm-content').first()).toBeVisible();
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('below');
    await page.getByRole('link', { name: 'Queues', exact: true }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Queues');
    expect(outside).toEqual([]);
    await page.goto('about:blank');
  } finally {
    proxy.end();
    await pair.end();
  }
});

test('an operator looks at two tenants in two tabs, and neither leaks into the other', async ({
  page,
}) => {
  const one = await Tenant.make('one');
  const two = await Tenant.make('two');
  await one.submit({ taskName: 'of-one', target: { type: 'worker' } });
  await two.submit({ taskName: 'of-two', target: { type: 'worker' } });
  await signIn(page, OPERATOR_KEY, `/t/${one.account.tenantId}/tasks`);
  const other = await page.context().newPage();
  await other.goto(`./t/${two.account.tenantId}/tasks`);
  await expect(page.getByRole('link', { name: 'of-one' })).toBeVisible();
  await expect(other.getByRole('link', { name: 'of-two' })).toBeVisible();
  await expect(live(page)).toHaveText('live');
  await expect(live(other)).toHaveText('live');
  await two.submit({ taskName: 'of-two', target: { type: 'worker' } });
  await seen(other, 'of-two', 2);
  await one.submit({ taskName: 'of-one', target: { type: 'worker' } });
  await seen(page, 'of-one', 2);
  await expect(page.getByText('of-two')).toHaveCount(0);
  await expect(other.getByText('of-one')).toHaveCount(0);
});

test('a payload of 256 KiB opens, stays whole and never stands in the page whole', async ({
  page,
}) => {
  const tenant = await Tenant.make();
  const items = Array.from({ length: 9_000 }, (_, i) => `item ${i} ${'x'.repeat(14)}`);
  const payload = { big: '§', items };
  const size = JSON.stringify(payload).length;
  expect(size).toBeGreaterThan(230_000);
  expect(size).toBeLessThan(262_144);
  const id = await tenant.submit({ taskName: 'large', payload, target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
  await page.getByRole('button', { name: /^Show all/ }).click();
  await expect(page.locator('.cm-content').first()).toContainText('item 0 ');
  const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
  expect(nodes).toBeLessThan(3_000);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).first().click();
  const stream = await (await download).createReadStream();
  let text = '';
  for await (const part of stream) text += String(part);
  expect(JSON.parse(text)).toEqual(payload);
});

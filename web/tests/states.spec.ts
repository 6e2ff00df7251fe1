import { expect, openTasks, signIn, Tenant, test } from './support';

// Every state of a list, from a server that answers as the test says.
const LIST = /\/api\/v1\/tasks\?(?!.*limit=5)/;
const problem = (status: number, more: object = {}) => ({
  status,
  contentType: 'application/problem+json',
  headers: { 'X-Request-Id': 'req-1' },
  body: JSON.stringify({ title: 'told so', status, detail: 'The store is on fire.', ...more }),
});

test.beforeEach(({ faults }) => {
  faults.expected = /status of (429|500|503)/;
});

test('a list that cannot be read says so, and never looks empty', async ({ page }) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'there', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, '/settings');
  await page.route(LIST, (route) => route.fulfill(problem(500)));
  await page.getByRole('link', { name: 'Tasks' }).first().click();
  const alert = page.getByRole('alert').filter({ hasText: 'The store is on fire.' });
  await expect(alert).toBeVisible();
  await expect(page.getByText(/no tasks|none/i)).toHaveCount(0);
  await page.unroute(LIST);
  await alert.getByRole('button', { name: /again|retry/i }).click();
  await expect(page.getByRole('link', { name: 'there' })).toBeVisible();
});

test('a busy server is asked again by itself, when it said', async ({ page }) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'there', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, '/settings');
  await page.clock.install();
  let refused = 0;
  const busy = { ...problem(429), headers: { 'X-Request-Id': 'req-1', 'Retry-After': '30' } };
  await page.route(LIST, (route) => {
    refused++;
    return route.fulfill(busy);
  });
  await page.getByRole('link', { name: 'Tasks' }).first().click();
  const alert = page.getByRole('alert').filter({ hasText: 'The store is on fire.' });
  await expect
    .poll(async () => {
      await page.clock.runFor(500);
      return alert.count();
    })
    .toBe(1);
  await expect(alert).toContainText(/next try in (30|29) s/);
  await alert.getByText('Details').click();
  await expect(alert).toContainText('Request req-1');
  await page.clock.runFor(20_000);
  await expect(alert).toContainText(/next try in (10|9) s/);
  const before = refused;
  await page.unroute(LIST);
  await page.clock.runFor(11_000);
  await expect(page.getByRole('link', { name: 'there' })).toBeVisible();
  expect(refused).toBe(before);
});

test('rows stay when they cannot be read again, and it is tried again by itself', async ({
  page,
}) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'there', target: { type: 'worker' } });
  await openTasks(page, tenant);
  await page.clock.install();
  await page.route(LIST, (route) => route.fulfill(problem(503)));
  await page.keyboard.press('.');
  const band = page.getByText('Could not refresh: The store is on fire.');
  await expect
    .poll(async () => {
      await page.clock.runFor(500);
      return band.count();
    })
    .toBe(1);
  await expect(page.getByRole('link', { name: 'there' })).toBeVisible();
  await page.unroute(LIST);
  await page.clock.runFor(11_000);
  await expect(band).toHaveCount(0);
});

test('a first load shows rows of true height, then what came', async ({ page }) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'slow-to-come', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, '/settings');
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  await page.route(LIST, async (route) => {
    await gate;
    await route.continue();
  });
  await page.getByRole('link', { name: 'Tasks' }).first().click();
  await expect(page.locator('.mantine-Skeleton-root').first()).toBeVisible();
  open();
  await expect(page.getByRole('link', { name: 'slow-to-come' })).toBeVisible();
  await expect(page.locator('.mantine-Skeleton-root')).toHaveCount(0);
});

test('an empty list says what to do, one without a match how to widen it', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/tasks');
  await expect(page.getByRole('main').getByRole('link', { name: /submit/i })).toBeVisible();
  await tenant.submit({ taskName: 'one', target: { type: 'worker' } });
  await page.goto('./tasks?name=nothing-is-called-so');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('link', { name: 'one', exact: true })).toBeVisible();
});

test('what an empty list offers stays while the list is read again', async ({ page }) => {
  const tenant = await Tenant.make();
  await openTasks(page, tenant, '/tasks?name=nothing-is-called-so');
  const clear = page.getByRole('button', { name: 'Clear filters' });
  await expect(clear).toBeVisible();
  const shown = await clear.elementHandle();
  const answered = page.waitForResponse((answer) => LIST.test(answer.url()));
  await page.keyboard.press('.');
  await answered;
  await expect(clear).toBeVisible();
  expect(await shown?.evaluate((it) => it.isConnected), 'the same button').toBe(true);
});

test('a page without rows goes on by itself while there is more', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/settings');
  let asked = 0;
  await page.route(LIST, (route) => {
    asked++;
    const url = new URL(route.request().url());
    url.searchParams.set('cursor', `c${asked}`);
    const more = asked < 4;
    return route.fulfill({
      status: 200,
      contentType: 'application/json',
      headers: more ? { Link: `<${url.pathname}${url.search}>; rel="next"` } : {},
      body: '[]',
    });
  });
  await page.goto('./tasks?name=rare');
  await expect.poll(() => asked).toBeGreaterThanOrEqual(4);
  await expect(page.getByRole('button', { name: 'Clear filters' })).toBeVisible();
});

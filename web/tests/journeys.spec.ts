import { receiver } from './services';
import { expect, OPERATOR_KEY, openTasks, signIn, Tenant, test } from './support';

test('register, store the key, submit, watch it run, see the metrics change', async ({ page }) => {
  await page.goto('./');
  await page.getByRole('textbox', { name: 'Name' }).fill('journey');
  await page.getByRole('button', { name: 'Register' }).click();
  const key = await page.getByLabel('API key').first().textContent();
  expect(key).toMatch(/^bfk_/);
  await expect(page.getByRole('button', { name: 'Continue' })).toBeDisabled();
  await page.getByRole('checkbox', { name: 'I have stored it' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/submit/i);
  await page.getByRole('button', { name: 'Submit task', exact: true }).last().click();
  await expect(page).toHaveURL(/\/tasks\/[0-9a-f-]{36}/);
  await expect(page.getByRole('main').getByText('Completed').first()).toBeVisible();
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('link', { name: /Success 100 %/ })).toBeVisible();
  // Nothing secret stays in the browser.
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(stored).not.toContain(key ?? 'bfk_');
  expect(await page.evaluate(() => document.cookie)).toBe('');
});

test('a task runs before one’s eyes, and its webhook delivery opens', async ({ page }) => {
  const tenant = await Tenant.make();
  const nobody = await receiver();
  nobody.end();
  const id = await tenant.submit({
    taskName: 'told',
    target: { type: 'worker' },
    callbackUrl: nobody.url,
  });
  await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Pending');
  const leased = await tenant.call<{ tasks: { leaseToken: string }[] }>(
    'POST',
    '/api/v1/leases',
    {},
  );
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Running');
  const leaseToken = leased.tasks[0]?.leaseToken;
  await tenant.call('POST', `/api/v1/tasks/${id}/heartbeat`, {
    leaseToken,
    progress: { percent: 40, text: 'halfway' },
    logs: ['one line'],
  });
  await tenant.call('POST', `/api/v1/tasks/${id}/complete`, { leaseToken, result: { n: 1 } });
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Completed');
  await expect(page).toHaveTitle(/✓ told · Belfry/);
  await page.getByRole('button', { name: /webhook task.completed/ }).click();
  await expect(page.getByText(id).first()).toBeVisible();
});

test('rows change in place, several are cancelled and retried, and filters stay', async ({
  page,
}) => {
  const tenant = await Tenant.make();
  const ids = [];
  for (let i = 0; i < 5; i++) {
    ids.push(await tenant.submit({ taskName: 'job', target: { type: 'worker' } }));
  }
  await tenant.submit({ taskName: 'other', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, '/tasks');
  await page.getByRole('textbox', { name: 'Filter' }).fill('name:job');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/name=job/);
  await expect(page.getByRole('row')).toHaveCount(6);
  await page.getByRole('checkbox', { name: `Select job ${ids[0]}` }).check();
  await page.getByRole('checkbox', { name: `Select job ${ids[1]}` }).check();
  await page.getByRole('button', { name: 'Cancel 2' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Cancel 2 tasks?');
  await dialog.getByRole('button', { name: 'Keep them' }).click();
  await tenant.waitFor(ids[0] ?? '', 'PENDING');
  await page.getByRole('button', { name: 'Cancel 2' }).click();
  await dialog.getByRole('button', { name: 'Cancel 2 tasks' }).click();
  await expect(page.getByText('Cancelled 2 tasks.')).toBeVisible();
  await tenant.waitFor(ids[1] ?? '', 'CANCELLED');
  await expect(page.getByRole('row', { name: /Cancelled/ })).toHaveCount(2);
  await page.getByRole('checkbox', { name: 'Select all loaded rows' }).check();
  await page.getByRole('button', { name: 'Retry 2' }).click();
  await expect(dialog).toContainText('3 tasks will be left alone');
  await dialog.getByRole('button', { name: 'Retry 2 tasks' }).click();
  await tenant.waitFor(ids[0] ?? '', 'PENDING');
  await page.reload();
  await expect(page.getByRole('row')).toHaveCount(6);
  await page.getByRole('link', { name: 'job' }).first().click();
  await expect(page).toHaveURL(/\/tasks\/[0-9a-f-]{36}/);
  await page.goBack();
  await expect(page).toHaveURL(/name=job/);
});

test('new tasks wait behind a button, and nothing moves under the pointer', async ({ page }) => {
  const tenant = await Tenant.make();
  const first = await tenant.submit({ taskName: 'first', target: { type: 'worker' } });
  await openTasks(page, tenant);
  const row = page.locator(`[data-id="${first}"]`);
  await expect(row).toBeVisible();
  const before = await row.boundingBox();
  for (let i = 0; i < 3; i++) await tenant.submit({ taskName: 'late', target: { type: 'worker' } });
  await expect(page.getByRole('button', { name: '3 new' })).toBeVisible();
  expect(await row.boundingBox()).toEqual(before);
  await page.getByRole('button', { name: '3 new' }).click();
  await expect(page.getByRole('row')).toHaveCount(5);
});

test('a queue is paused and resumed', async ({ page }) => {
  const tenant = await Tenant.make();
  await tenant.submit({ taskName: 'q', queue: 'mail', target: { type: 'worker' } });
  await tenant.submit({ taskName: 'q', queue: 'mail', delayMs: 3_600_000 });
  await signIn(page, tenant.account.apiKey, '/queues');
  const cells = page.getByRole('row', { name: /^mail/ }).getByRole('cell');
  await expect(cells.nth(1)).toHaveText('1');
  await expect(cells.nth(2)).toHaveText('1');
  await page.goto('./queues/mail');
  await page.getByRole('button', { name: /^Pause/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^Pause/ }).click();
  const paused = () => tenant.call<{ paused: boolean }>('GET', '/api/v1/queues/mail');
  await expect.poll(async () => (await paused()).paused).toBe(true);
  await page.getByRole('button', { name: /^Resume/ }).click();
  await expect.poll(async () => (await paused()).paused).toBe(false);
});

test('a key is created, shown once, and revoked', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/keys');
  await page
    .getByRole('button', { name: /create|new key/i })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('ci');
  await dialog.getByRole('checkbox', { name: /tasks:read/ }).check();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  const secret = page.getByTestId('secret');
  await expect(secret).toContainText('bfk_');
  await page.getByRole('checkbox', { name: 'I have stored it' }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  const row = page.getByRole('row', { name: /ci/ });
  await row.getByRole('button', { name: /revoke/i }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /revoke/i })
    .click();
  await expect
    .poll(async () =>
      (
        await tenant.call<{ name: string; revokedAt: string | null }[]>('GET', '/api/v1/api-keys')
      ).some((key) => key.name === 'ci' && key.revokedAt === null),
    )
    .toBe(false);
});

test('operators see all tenants, tenants see themselves', async ({ page, browser }) => {
  const mine = await Tenant.make('mine');
  const yours = await Tenant.make('yours');
  await mine.submit({ taskName: 'secret-of-mine', target: { type: 'worker' } });
  const theirs = await yours.submit({ taskName: 'of-yours', target: { type: 'worker' } });
  await signIn(page, OPERATOR_KEY, '/tenants');
  await page.getByRole('textbox', { name: 'Find a tenant' }).fill(mine.account.name);
  await page.getByRole('link', { name: mine.account.name }).click();
  await expect(page.getByRole('banner')).toContainText('viewing as operator');
  await page.getByRole('link', { name: 'Tasks' }).click();
  await expect(page.getByText('secret-of-mine')).toBeVisible();
  await expect(page.getByText('of-yours')).toHaveCount(0);

  const other = await browser.newContext();
  const tab = await other.newPage();
  await signIn(tab, mine.account.apiKey, `/tasks/${theirs}`);
  await expect(tab.getByRole('heading', { name: 'Not found' })).toBeVisible();
  await tab.goto('./tenants');
  await expect(tab.getByRole('heading', { name: 'Not found' })).toBeVisible();
  await other.close();
});

test('signing out ends it, and a wrong key opens nothing', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/tasks');
  await page.getByRole('button', { name: 'Account and theme' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('tab', { name: 'Sign in' })).toBeVisible();
  await page.goto('./tasks');
  await expect(page).toHaveURL(/signin/);
  await page.getByRole('textbox', { name: 'API key' }).fill('bfk_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('not known here');
});

test('the palette finds a task by its id, keys lead to pages', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'found', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, '/');
  await page.getByRole('button', { name: /Search/ }).click();
  await page
    .getByRole('searchbox', { name: 'Search' })
    .or(page.getByPlaceholder(/Page, task id/))
    .fill(id);
  await page.getByText(`Open task ${id}`).click();
  await expect(page).toHaveURL(new RegExp(id));
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await expect(page).toHaveURL(/\/queues$/);
});

test('the palette finds endpoints, tenants and verbs, on a phone too', async ({
  page,
  browser,
}) => {
  const tenant = await Tenant.make('findable');
  const made = { url: 'https://example.com/hook', description: 'Billing desk' };
  await tenant.call('POST', '/api/v1/webhooks', made);
  await page.setViewportSize({ width: 390, height: 800 });
  await signIn(page, tenant.account.apiKey, '/settings');
  const search = (tab: typeof page) => tab.getByPlaceholder(/Page, task id/);
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('button', { name: 'Search' }).click();
  await search(page).fill('billing');
  await page.getByText('Webhook Billing desk').click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Billing desk');

  const other = await browser.newContext();
  const tab = await other.newPage();
  await signIn(tab, OPERATOR_KEY, '/tenants');
  await tab.keyboard.press('Control+k');
  await search(tab).fill(tenant.account.name);
  await tab.getByText(`Tenant ${tenant.account.name}`).click();
  await expect(tab).toHaveURL(new RegExp(`/t/${tenant.account.tenantId}/`));
  await tab.keyboard.press('Control+k');
  await search(tab).fill('shortcuts');
  await tab.getByText('List the shortcuts').click();
  await expect(tab.getByRole('dialog', { name: /shortcuts/i })).toBeVisible();
  await other.close();
});

test('a 20-digit number and a payload’s every character arrive as they were', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/submit');
  await page
    .getByRole('combobox', { name: 'Task name' })
    .or(page.getByRole('textbox', { name: 'Task name' }))
    .first()
    .fill('exact');
  await page.getByText('Worker', { exact: true }).click();
  const editor = page.locator('.cm-content');
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('{"big":12345678901234567890,"e":1E400,"s":"<b>&amp;"}');
  await page.getByRole('button', { name: 'Submit task', exact: true }).last().click();
  await expect(page).toHaveURL(/\/tasks\/[0-9a-f-]{36}/);
  await expect(page.getByText('12345678901234567890', { exact: true })).toBeVisible();
  await expect(page.getByText('1E400', { exact: true })).toBeVisible();
});

test('a webhook: what was sent, what was answered, and once more', async ({ page }) => {
  const hook = await receiver();
  try {
    const tenant = await Tenant.make();
    await tenant.call('POST', '/api/v1/webhooks', { url: hook.url, events: ['task.completed'] });
    hook.answer(200, 'answered <b>once</b>');
    const id = await tenant.submit({ taskName: 'told', payload: 'x', target: { type: 'echo' } });
    await expect.poll(() => hook.heard.length).toBe(1);
    await signIn(page, tenant.account.apiKey, '/webhooks');
    await page.getByRole('link', { name: hook.url }).click();
    await page.getByRole('button', { name: /· task.completed/ }).click();
    await expect(page.getByText('answered 200')).toBeVisible();
    await expect(page.getByText('answered <b>once</b>')).toBeVisible();
    await expect(page.getByLabel('Body of the delivery')).toContainText(id);
    hook.answer(200, 'answered twice');
    await page.getByRole('button', { name: /^Redeliver task/ }).click();
    await expect.poll(() => hook.heard.length).toBe(2);
    expect(hook.heard[1]).toEqual(hook.heard[0]);
    await expect(page.getByText('answered twice')).toBeVisible();
  } finally {
    hook.end();
  }
});

test('a row stays under the pointer while a thousand tasks arrive', async ({ page }) => {
  const tenant = await Tenant.make();
  const ids = [];
  for (let i = 0; i < 30; i++) {
    ids.push(await tenant.submit({ taskName: `row-${i}`, target: { type: 'worker' } }));
  }
  await openTasks(page, tenant);
  const row = page.locator(`[data-id="${ids[22]}"]`);
  await row.hover();
  const before = await row.boundingBox();
  for (let i = 0; i < 20; i++) {
    const batch = Array.from({ length: 50 }, () => ({
      taskName: 'new',
      target: { type: 'worker' },
    }));
    await tenant.call('POST', '/api/v1/tasks/bulk', batch);
    expect(await row.boundingBox()).toEqual(before);
  }
  await expect(page.getByRole('button', { name: '1,000 new' })).toBeVisible();
  expect(await row.boundingBox()).toEqual(before);
  await expect(row.locator('a').first()).toHaveText('row-22');
  expect(await row.evaluate((it) => it.matches(':hover'))).toBe(true);
});

test('by keyboard alone: find a task, cancel it, come back', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'older', target: { type: 'worker' } });
  await tenant.submit({ taskName: 'newer', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, '/');
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await expect(page.getByRole('link', { name: 'newer' })).toBeVisible();
  await page.getByRole('link', { name: 'newer' }).focus();
  await page.keyboard.press('j');
  await expect(page.getByRole('link', { name: 'older' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(id));
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Pending');
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Cancel');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await page.keyboard.press('Delete');
  await dialog.getByRole('button', { name: /^Cancel/ }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Cancelled');
});

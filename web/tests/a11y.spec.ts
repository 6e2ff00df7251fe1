import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, OPERATOR_KEY, signIn, Tenant, test } from './support';

async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter((one) => one.impact === 'serious' || one.impact === 'critical')
    .flatMap((one) =>
      one.nodes.map((node) => `${one.id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
    );
}

for (const scheme of ['light', 'dark'] as const) {
  test(`no serious finding on any page, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    const tenant = await Tenant.make();
    const failed = await tenant.submit({
      taskName: 'fails',
      payload: { a: 1, b: 'x', c: null },
      target: { type: 'echo', failTimes: 9 },
      maxRetries: 1,
    });
    await tenant.submit({ taskName: 'waits', target: { type: 'worker' } });
    await tenant.waitFor(failed, 'FAILED');
    await tenant.call('POST', '/api/v1/webhooks', { url: 'https://example.com/hook' });
    await page.goto('./welcome');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await seriousFindings(page), 'welcome').toEqual([]);
    await signIn(page, tenant.account.apiKey, '/');
    for (const path of [
      '',
      'tasks',
      `tasks/${failed}`,
      'submit',
      'queues',
      'queues/default',
      'webhooks',
      'keys',
      'settings',
    ]) {
      await page.goto(`./${path}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await page.waitForTimeout(400);
      expect(await seriousFindings(page), path).toEqual([]);
    }
    await page.goto(`./tasks/${failed}`);
    await page.getByRole('button', { name: 'Retry' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await seriousFindings(page), 'dialog').toEqual([]);
  });
}

test('no serious finding for an operator', async ({ page }) => {
  await Tenant.make();
  await signIn(page, OPERATOR_KEY, '/tenants');
  await expect(page.getByRole('row').nth(1)).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
});

test('a phone shows all of it without scrolling sideways', async ({ page }) => {
  const narrow = 320;
  await page.setViewportSize({ width: narrow, height: 700 });
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'small', target: { type: 'worker' } });
  await signIn(page, tenant.account.apiKey, '/tasks');
  for (const path of [
    '',
    'tasks',
    `tasks/${id}`,
    'submit',
    'queues',
    'webhooks',
    'keys',
    'settings',
  ]) {
    await page.goto(`./${path}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, path).toBeLessThanOrEqual(narrow);
  }
});

// What holds text and is lower than it hides some of it.
const squashed = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('#main > *')]
      .filter((it) => it.scrollHeight > it.clientHeight + 1)
      .filter((it) => !it.querySelector('[role="table"]'))
      .map((it) => `${it.tagName} ${it.clientHeight} of ${it.scrollHeight}: ${it.textContent}`),
  );

for (const [width, height] of [
  [390, 700],
  [1280, 500],
] as const) {
  test(`nothing is squashed at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    const tenant = await Tenant.make();
    const id = await tenant.submit({
      taskName: 'fails',
      payload: { text: 'x'.repeat(2_000) },
      target: { type: 'echo', failTimes: 9 },
      maxRetries: 1,
    });
    await tenant.waitFor(id, 'FAILED');
    await signIn(page, tenant.account.apiKey, `/tasks/${id}`);
    await expect(page.getByText('Why it failed')).toBeVisible();
    expect(await squashed(page), 'a task').toEqual([]);
    for (const path of ['', 'tasks', 'tasks?status=FAILED', 'queues', 'submit', 'settings']) {
      await page.goto(`./${path}`);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await squashed(page), path).toEqual([]);
    }
  });
}

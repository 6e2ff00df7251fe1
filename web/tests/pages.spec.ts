import type { Page } from '@playwright/test';
import { type Showcase, showcase } from './showcase';
import { expect, OPERATOR_KEY, signIn, Tenant, test } from './support';

// A folder: the pages are photographed into it. docs/screenshots is made so.
const SHOTS = process.env.BELFRY_SCREENSHOTS ?? '';
const HEIGHT = 800;
const WIDTHS = [1_280, 390] as const;
const SCHEMES = ['light', 'dark'] as const;

interface Sight {
  name: string;
  path: string;
  // There when the page has all that belongs on it.
  ready?: string;
}
const EDITOR = '.cm-content';
const CHART = 'canvas';

const tenantSights = (shown: Showcase): Sight[] => [
  { name: 'overview', path: '?range=15m', ready: CHART },
  { name: 'tasks', path: 'tasks', ready: '[data-row="0"]' },
  { name: 'task', path: `tasks/${shown.failed}`, ready: EDITOR },
  { name: 'task-foreign', path: `tasks/${shown.foreign}`, ready: EDITOR },
  { name: 'task-running', path: `tasks/${shown.running}`, ready: EDITOR },
  { name: 'task-retrying', path: `tasks/${shown.retrying}`, ready: EDITOR },
  { name: 'submit', path: 'submit?first=1', ready: EDITOR },
  { name: 'queues', path: 'queues' },
  { name: 'queue', path: 'queues/reports' },
  { name: 'webhooks', path: 'webhooks' },
  { name: 'endpoint', path: `webhooks/${shown.endpoint}` },
  { name: 'keys', path: 'keys' },
  { name: 'settings', path: 'settings' },
];
const OPERATOR_SIGHTS: Sight[] = [
  { name: 'operator-overview', path: '', ready: CHART },
  { name: 'tenants', path: 'tenants' },
];

async function open(page: Page, sight: Sight): Promise<void> {
  await page.goto(`./${sight.path}`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  if (sight.ready) await expect(page.locator(sight.ready).first()).toBeVisible();
}

// What is wider than its place: the page itself, and words that their button cuts off.
const overflowing = (page: Page) =>
  page.evaluate(() => {
    const of = (it: Element | null): it is HTMLElement =>
      it instanceof HTMLElement && it.scrollWidth > it.clientWidth + 1;
    const told = (it: HTMLElement) =>
      `${it.tagName} ${it.clientWidth} of ${it.scrollWidth}: ${it.textContent?.slice(0, 60)}`;
    // A table may be scrolled within its place, but a phone shows what matters of it.
    const tables = [...document.querySelectorAll('table')]
      .filter((it) => it.getBoundingClientRect().right > window.innerWidth + 1)
      .map(told);
    return [
      document.documentElement,
      document.querySelector('#main'),
      ...document.querySelectorAll(
        'button, button span, a[class*="Button"] span, [role="columnheader"]',
      ),
    ]
      .filter(of)
      .map(told)
      .concat(tables);
  });

async function look(page: Page, sight: Sight, width: number, scheme: string): Promise<void> {
  await open(page, sight);
  if (SHOTS) await shoot(page, sight, width, scheme);
  expect.soft(await overflowing(page), `${sight.name} at ${width} px`).toEqual([]);
}

// A phone is photographed in one theme only: its colours are those of the other width.
async function shoot(page: Page, { name }: Sight, width: number, scheme: string): Promise<void> {
  const phone = width < 640;
  if (phone && scheme === 'dark') return;
  await page.screenshot({ path: `${SHOTS}/${phone ? `phone-${name}` : `${name}-${scheme}`}.png` });
}

test.describe('every page', () => {
  let tenant: Tenant;
  let shown: Showcase;
  test.beforeAll(async () => {
    tenant = await Tenant.register('acme');
    shown = await showcase(tenant);
  });
  test.afterAll(() => shown.end());

  for (const width of WIDTHS) {
    for (const scheme of SCHEMES) {
      test(`nothing reaches beyond the page at ${width} px, ${scheme}`, async ({ page }) => {
        await page.setViewportSize({ width, height: HEIGHT });
        await page.emulateMedia({ colorScheme: scheme });
        await look(page, { name: 'welcome', path: 'welcome' }, width, scheme);
        await signIn(page, tenant.account.apiKey, '/settings');
        for (const sight of tenantSights(shown)) await look(page, sight, width, scheme);
      });

      test(`nothing reaches beyond an operator's page at ${width} px, ${scheme}`, async ({
        page,
      }) => {
        await page.setViewportSize({ width, height: HEIGHT });
        await page.emulateMedia({ colorScheme: scheme });
        await signIn(page, OPERATOR_KEY, '/tenants');
        for (const sight of OPERATOR_SIGHTS) await look(page, sight, width, scheme);
      });
    }
  }

  // The control: the measure above sees what reaches beyond the page, and words that are cut off.
  test('what is planted beyond the page is seen', async ({ page }) => {
    await signIn(page, tenant.account.apiKey, '/settings');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    expect(await overflowing(page)).toEqual([]);
    await page.evaluate(() => {
      const wide = document.createElement('div');
      wide.style.width = '2000px';
      wide.textContent = 'wide';
      document.querySelector('#main')?.append(wide);
    });
    expect(await overflowing(page)).toEqual([expect.stringMatching(/^MAIN 1\d\d\d of 20\d\d/)]);
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.evaluate(() => {
      const narrow = document.createElement('button');
      narrow.style.cssText = 'width: 20px; padding: 0; overflow: hidden; white-space: nowrap';
      narrow.textContent = 'Resume';
      document.querySelector('#main')?.append(narrow);
    });
    expect(await overflowing(page)).toEqual([expect.stringMatching(/^BUTTON .* Resume$/)]);
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.evaluate(() => {
      const place = document.createElement('div');
      place.style.overflow = 'auto';
      const wide = document.createElement('table');
      wide.style.minWidth = '2000px';
      place.append(wide);
      document.querySelector('#main')?.append(place);
    });
    expect(await overflowing(page)).toEqual([expect.stringMatching(/^TABLE /)]);
  });
});

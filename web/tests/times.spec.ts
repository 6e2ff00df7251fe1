import type { Page } from '@playwright/test';
import { expect, signIn, Tenant, test } from './support';

// What copying an element's text puts on the clipboard, and what is selected afterwards. At one go: a
// time that ticks in between lets its selection go.
const copy = (page: Page, selector: string) =>
  page.locator(selector).evaluate((it) => {
    const range = document.createRange();
    const text = it.firstChild instanceof Text ? it.firstChild : it;
    range.selectNodeContents(text);
    const selection = getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
    let copied = '';
    const heard = (event: ClipboardEvent) => {
      copied = event.clipboardData?.getData('text/plain') ?? '';
    };
    document.addEventListener('copy', heard);
    document.execCommand('copy');
    document.removeEventListener('copy', heard);
    return { copied, selected: String(selection) };
  });

test('copied times are those of the API, however they are shown', async ({ page }) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'timed', target: { type: 'worker' } });
  const path = `/api/v1/tasks/${id}`;
  const { submittedAt } = await tenant.call<{ submittedAt: string }>('GET', path);
  await signIn(page, tenant.account.apiKey, '/tasks');
  const row = `[data-id="${id}"]`;
  const time = page.locator(`${row} time`);
  await expect(time).toHaveText(/ago|now/);
  // A row among others, and the time alone.
  const ofRow = await copy(page, row);
  expect(ofRow.copied).toContain(submittedAt);
  expect(ofRow.copied).toContain('timed');
  const alone = await copy(page, `${row} time`);
  expect(alone.copied).toBe(submittedAt);
  expect(alone.selected).toMatch(/ago|now/);
  // Without a time in it, a selection is copied as ever.
  expect(await copy(page, `${row} a bdi`)).toEqual({ copied: '', selected: 'timed' });
});

for (const timezoneId of ['UTC', 'Asia/Kolkata']) {
  test(`absolute times are whole in their column, ${timezoneId}`, async ({ browser, baseURL }) => {
    const context = await browser.newContext({ timezoneId, ...(baseURL ? { baseURL } : {}) });
    const page = await context.newPage();
    const tenant = await Tenant.make();
    const id = await tenant.submit({ taskName: 'timed', target: { type: 'worker' } });
    await signIn(page, tenant.account.apiKey, '/tasks');
    const time = page.locator(`[data-id="${id}"] time`);
    await expect(time).toBeVisible();
    await page.keyboard.press('t');
    await expect(time).toHaveText(/^2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|GMT\+5:30|IST)$/);
    const cut = await time.evaluate((it) => {
      const cell = it.parentElement;
      return cell !== null && cell.scrollWidth > cell.clientWidth;
    });
    expect(cut).toBe(false);
    await context.close();
  });
}

test('a chart is read under the pointer, and a span that is dragged shows its tasks', async ({
  page,
}) => {
  const tenant = await Tenant.make();
  const id = await tenant.submit({ taskName: 'charted', target: { type: 'echo' } });
  await tenant.waitFor(id, 'COMPLETED');
  await signIn(page, tenant.account.apiKey, '/?range=15m');
  const chart = page.getByRole('img', { name: /^Tasks a second/ });
  const plot = chart.locator('.u-over');
  await expect(plot).toBeVisible();
  await plot.hover({ position: { x: 40, y: 60 } });
  const readout = page.getByTestId('readout');
  // Both charts share the cursor.
  await expect(readout).toHaveCount(2);
  await expect(readout.first()).toHaveText(/^2\d{3}-\d\d-\d\d .*completed.*\/s.*failed.*\/s$/);
  const box = await plot.boundingBox();
  if (!box) throw new Error('the chart has no place');
  await page.mouse.move(box.x + box.width / 2, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 2, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/\/tasks\?from=2.*&to=2/);
  const { searchParams } = new URL(page.url());
  const [from, to] = ['from', 'to'].map((end) => Date.parse(searchParams.get(end) ?? ''));
  const minutes = ((to ?? 0) - (from ?? 0)) / 60_000;
  expect(minutes).toBeGreaterThan(6);
  expect(minutes).toBeLessThan(9);
  await expect(page.getByRole('button', { name: /^Remove the filter created 2/ })).toBeVisible();
});

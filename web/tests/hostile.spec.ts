import { expect, signIn, Tenant, test } from './support';

// Text that would do something if it were ever taken for markup, a link or a format.
const CORPUS = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  "';alert(1)//",
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '<svg/onload=alert(1)>',
  '<style>*{display:none}</style>',
  '\u202Eevil\u202C \u0000'.replace('\u0000', ''),
  '[click](javascript:alert(1))',
];

test('foreign text is text on every page', async ({ page, faults }) => {
  const tenant = await Tenant.make(CORPUS[0]);
  let last = '';
  for (const text of CORPUS) {
    // The API refuses direction marks in names; everywhere else they come through.
    const name = text.replace(/[\u202A-\u202E]/g, '');
    last = await tenant.submit({
      taskName: name,
      payload: { [text]: text },
      tags: [name.slice(0, 40)],
      labels: { x: text },
      target: { type: 'worker' },
    });
    const leased = await tenant.call<{ tasks: { leaseToken: string }[] }>(
      'POST',
      '/api/v1/leases',
      {
        worker: name.slice(0, 60),
      },
    );
    await tenant.call('POST', `/api/v1/tasks/${last}/fail`, {
      leaseToken: leased.tasks[0]?.leaseToken,
      errorMessage: text,
      retryable: false,
    });
  }
  await tenant.call('POST', '/api/v1/webhooks', {
    url: 'https://example.com/hook',
    description: CORPUS[0],
  });
  await tenant.call('POST', '/api/v1/api-keys', { name: CORPUS[1], scopes: ['tasks:read'] });
  await signIn(page, tenant.account.apiKey, '/tasks');
  await expect(page.getByText(CORPUS[0] ?? '').first()).toBeVisible();
  for (const path of [
    `tasks/${last}`,
    '',
    'queues',
    'webhooks',
    'keys',
    'settings',
    `submit?from=${last}`,
  ]) {
    await page.goto(`./${path}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  }
  await page.goto(
    `./tasks?text=${encodeURIComponent(CORPUS[1] ?? '')}&name=${encodeURIComponent(CORPUS[0] ?? '')}`,
  );
  await expect(page.getByRole('button', { name: /Remove the filter/ }).first()).toBeVisible();
  await page.goto('./signin?next=//evil.example/');
  await expect(page).not.toHaveURL(/evil/);
  expect(faults.list).toEqual([]);
});

// The control: the gathering above would notice a page that breaks its policy.
test.fail('a script that is put into the page is noticed', async ({ page }) => {
  const tenant = await Tenant.make();
  await signIn(page, tenant.account.apiKey, '/tasks');
  await page.evaluate(() => {
    const script = document.createElement('img');
    script.setAttribute('onerror', 'alert(1)');
    script.src = 'https://evil.example/x.png';
    document.body.append(script);
  });
  await page.waitForTimeout(500);
});

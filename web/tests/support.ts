import { test as base, expect, type Page } from '@playwright/test';

export const API = process.env.BELFRY_API_URL ?? 'http://127.0.0.1:8080';
export const OPERATOR_KEY = process.env.BELFRY_OPERATOR_KEY ?? '';

// What a page may never do, gathered while it is used: reports of its policy, errors, dialogs.
export interface Faults {
  list: string[];
  // What a test brings about on purpose, as the browser reports it.
  expected: RegExp | null;
}
const allowed = /Failed to load resource: the server responded with a status of 4\d\d/;

export const test = base.extend<{ faults: Faults }>({
  faults: [
    async ({ page }, use) => {
      const faults: Faults = { list: [], expected: null };
      page.on('pageerror', (error) => faults.list.push(`error: ${error.message}`));
      page.on('dialog', (dialog) => {
        faults.list.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('console', (message) => {
        if (message.type() === 'error' && !allowed.test(message.text())) {
          faults.list.push(`console: ${message.text()}`);
        }
      });
      await use(faults);
      const { expected } = faults;
      expect(faults.list.filter((one) => !expected?.test(one))).toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

export interface Account {
  name: string;
  tenantId: string;
  apiKey: string;
}
let serial = 0;

// A tenant of its own, made by REST: what the test then does stands in its page alone.
export class Tenant {
  private token = '';
  private constructor(
    readonly account: Account,
    private readonly api: string,
  ) {}

  static make(name = 'acme', api = API): Promise<Tenant> {
    return Tenant.register(`${name} ${process.pid}-${++serial}`, api);
  }

  static async register(tenantName: string, api = API): Promise<Tenant> {
    const answer = await fetch(`${api}/api/v1/auth/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ tenantName }),
    });
    const made = (await answer.json()) as { tenantId: string; apiKey: string };
    const tenant = new Tenant({ name: tenantName, ...made }, api);
    await tenant.renewToken();
    return tenant;
  }

  async renewToken(): Promise<void> {
    const exchanged = await fetch(`${this.api}/api/v1/auth/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ apiKey: this.account.apiKey }),
    });
    this.token = ((await exchanged.json()) as { token: string }).token;
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.api + path, {
      method,
      headers: { Authorization: `Bearer ${this.token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  async submit(body: object): Promise<string> {
    return (await this.call<{ taskId: string }>('POST', '/api/v1/tasks', body)).taskId;
  }
  // The newest 500 of a name, in the list's order.
  async named(taskName: string): Promise<string[]> {
    const query = new URLSearchParams({ type: taskName, limit: '500' });
    const tasks = await this.call<{ taskId: string }[]>('GET', `/api/v1/tasks?${query}`);
    return tasks.map((task) => task.taskId);
  }
  async waitFor(taskId: string, status: string): Promise<void> {
    await expect
      .poll(
        async () => (await this.call<{ status: string }>('GET', `/api/v1/tasks/${taskId}`)).status,
      )
      .toBe(status);
  }
}

// `base`: another dashboard than the one that all tests share.
export async function signIn(page: Page, key: string, to = '/', base = '.'): Promise<void> {
  await page.goto(`${base}/signin?next=${encodeURIComponent(to)}`);
  await page.getByRole('textbox', { name: 'API key' }).fill(key);
  // All tests come from one address, and the dashboard may ask it for patience.
  const signedIn = async () => {
    const answer = page.waitForResponse(
      (it) => it.url().endsWith('/api/session') && it.request().method() === 'POST',
    );
    await page.getByRole('button', { name: 'Sign in' }).click();
    return (await answer).status();
  };
  await expect.poll(signedIn, { intervals: [2_000], timeout: 50_000 }).not.toBe(429);
  await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
}

// The next answer of a list of tasks.
export const listRead = (page: Page) =>
  page.waitForResponse((answer) => /v1\/tasks\?/.test(answer.url()));

// The list of tasks, and news of it. Once the page listens it reads its list once more, so that it
// misses nothing that came in between; what comes after that stands behind «N new».
export async function openTasks(page: Page, tenant: Tenant, to = '/tasks'): Promise<void> {
  let lists = 0;
  page.on('response', (answer) => {
    if (/v1\/tasks\?/.test(answer.url())) lists++;
  });
  await signIn(page, tenant.account.apiKey, to);
  await expect.poll(() => lists).toBeGreaterThanOrEqual(2);
}

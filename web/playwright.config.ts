import { defineConfig } from '@playwright/test';

// Real services and Debian's Chromium; scripts/page_test.sh starts both and names them here.
export default defineConfig({
  testDir: 'tests',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  fullyParallel: false,
  workers: 1,
  reporter: [['list']],
  maxFailures: Number(process.env.BELFRY_MAX_FAILURES ?? 0),
  use: {
    baseURL: process.env.BELFRY_PAGE_URL ?? 'http://127.0.0.1:8083',
    viewport: { width: 1280, height: 860 },
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});

// What each page loads first, gzipped, against its budget (UI budgets in docs/dashboard.md); fails the
// build over it. Counted: the shell, the page's own file with all that it imports, styles of the same
// names, and what it surely fetches next (chart, editor). API answers come on top.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const out = process.env.BELFRY_WEB_OUT ?? 'dist';
const files = readdirSync(join(out, 'assets'));
const gzip = (file) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length;
const html = readFileSync(join(out, 'index.html'), 'utf8');
const shell = [...html.matchAll(/(?:src|href)="\.\/assets\/([^"]+)"/g)].map((match) => match[1]);

const KB = 1024;
const pages = [
  ['OverviewPage', ['ChartCanvas', 'chart'], 300],
  ['TasksPage', [], 300],
  ['TaskPage', ['JsonEditor', 'editor'], 370],
  ['SubmitPage', ['JsonEditor', 'editor'], 395],
  ['QueuesPage', [], 280],
  ['QueuePage', [], 280],
  ['WebhooksPage', [], 280],
  ['EndpointPage', [], 280],
  ['KeysPage', [], 280],
  ['TenantsPage', [], 280],
  ['SettingsPage', [], 280],
  ['WelcomePage', [], 280],
];

const stem = (file) => file.replace(/-[\w-]{8}\.\w+$/, '');
const named = (name, kind) =>
  files.filter((file) => stem(file) === name && file.endsWith(`.${kind}`));
// A file, and all that it imports at once.
function closure(file, found) {
  if (found.has(file)) return;
  found.add(file);
  for (const css of named(stem(file), 'css')) found.add(css);
  if (!file.endsWith('.js')) return;
  const text = readFileSync(join(out, 'assets', file), 'utf8');
  for (const [, next] of text.matchAll(/(?:from|import)"\.\/([^"]+)"/g)) closure(next, found);
}

let over = false;
for (const [page, next, limit] of pages) {
  const found = new Set(shell);
  for (const name of [page, ...next]) {
    const own = named(name, 'js');
    if (own.length === 0)
      throw new Error(`budget: there is no file ${name}-….js; rename it here too`);
    for (const file of own) closure(file, found);
  }
  const size =
    gzipSync(html).length + [...found].reduce((sum, at) => sum + gzip(`assets/${at}`), 0);
  const words = `${page}: ${(size / KB).toFixed(1)} KB gzipped of ${limit} KB`;
  if (size <= limit * KB) console.log(`budget: ${words}`);
  else console.error(`budget: ${words}: over it; load something later (import(), React.lazy)`);
  over ||= size > limit * KB;
}
if (over) process.exit(1);

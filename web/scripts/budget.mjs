// What a page loads first, gzipped, against its budget (bytes on the wire); fails the build over it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const out = process.env.BELFRY_WEB_OUT ?? 'dist';
const html = readFileSync(join(out, 'index.html'), 'utf8');
const gzip = (file) => gzipSync(readFileSync(join(out, file)), { level: 9 }).length;
const first = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((match) => match[1]);
const shell = gzipSync(html).length + first.reduce((sum, file) => sum + gzip(file), 0);
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;
const limit = 280 * 1024;
console.log(`budget: the shell is ${kilobytes(shell)} gzipped of ${kilobytes(limit)}`);
if (shell > limit) {
  console.error('budget: over it; load something later (import(), React.lazy)');
  process.exit(1);
}

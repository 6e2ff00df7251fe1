import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync('src/theme/tokens.css', 'utf8');
const pairs = new Map(
  [...css.matchAll(/(--[\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)/g)].map(
    (found) => [found[1] ?? '', [found[2] ?? '', found[3] ?? ''] as const],
  ),
);

// WCAG 2.2: relative luminance, and the contrast of two of them.
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(one: string, other: string): number {
  const [least = 0, most = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (most + 0.05) / (least + 0.05);
}

const grounds = ['--page', '--card'];
const notText = [...grounds, '--line', '--hover', '--status-failed-text'];
const texts = [...pairs.keys()].filter((name) => !notText.includes(name));

test('the measure itself is right', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5);
  expect(texts.length).toBeGreaterThan(15);
});

for (const [at, scheme] of ['light', 'dark'].entries()) {
  test(`every text can be read on page and card, ${scheme}`, () => {
    const poor: string[] = [];
    const check = (text: string, ground: string) => {
      const ratio = contrast(pairs.get(text)?.[at] ?? '', pairs.get(ground)?.[at] ?? '');
      if (!(ratio >= 4.5)) poor.push(`${text} on ${ground}: ${ratio.toFixed(2)}`);
    };
    for (const text of texts) for (const ground of grounds) check(text, ground);
    for (const text of ['--text', '--dim', '--accent']) check(text, '--hover');
    check('--status-failed-text', '--status-failed');
    expect(poor).toEqual([]);
  });
}

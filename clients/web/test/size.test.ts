import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const built = readFileSync(new URL('../dist/sluice.js', import.meta.url));

test('the built file has less than 3 KB gzipped', () => {
  expect(gzipSync(built, { level: 9 }).length).toBeLessThan(3000);
});

test('the built file needs no other', () => {
  expect(built.toString()).not.toMatch(/\bimport\b/);
});

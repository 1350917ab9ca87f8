import { RIGHTS } from '@sekisho/core/rules/rights.ts';
import { allRoutes } from '@sekisho/core/wire/routes.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { filesBelow, readText, sourceFiles } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

const ACCESS: readonly string[] = [...RIGHTS, 'peer', 'public', 'signed-in'];

test('every route needs a right that exists, or says that it needs none', () => {
  for (const { name, route } of allRoutes()) {
    assert.ok(ACCESS.includes(route.right), `${name} needs the unknown right ${String(route.right)}`);
  }
});

test('no two routes share method and path', () => {
  const seen = new Map<string, string>();
  for (const { name, route } of allRoutes()) {
    const key = `${route.method} ${route.path.replace(/:\w+/g, ':')}`;
    assert.equal(seen.get(key), undefined, `${name} repeats ${key} of ${seen.get(key)}`);
    seen.set(key, name);
  }
});

test('agents have their own part of the tree, and nobody else is in it', () => {
  for (const { name, route } of allRoutes()) {
    assert.equal(route.path.startsWith('/v1/agent/'), route.right === 'peer', name);
    assert.match(route.path, /^\/v1(\/(:?[a-z][A-Za-z-]*))+$/, name);
  }
});

test('what a path names is parsed', () => {
  for (const { name, route } of allRoutes()) {
    const named = [...route.path.matchAll(/:(\w+)/g)].map(([, param]) => param);
    const shape = 'shape' in route.params ? Object.keys(route.params.shape as object) : [];
    assert.deepEqual(shape.sort(), named.sort(), name);
  }
});

test('the printed reference knows every route that core declares', async () => {
  const known = new Set(allRoutes().map(({ module, name }) => `${module}.${name}`));
  for (const file of filesBelow(ROOT, 'packages/core/src/wire')) {
    const module = /([a-z-]+)\.ts$/.exec(file)?.[1] ?? '';
    if (file.endsWith('.test.ts')) continue;
    const exports = (await import(pathToFileURL(join(ROOT, file)).href)) as Record<string, unknown>;
    for (const [name, value] of Object.entries(exports)) {
      if (typeof value === 'object' && value !== null && 'right' in value && 'path' in value) {
        assert.ok(
          known.has(`${module}.${name}`),
          `${module}.${name} is missing in packages/core/src/wire/routes.ts`,
        );
      }
    }
  }
});

test('the server serves every route that core declares', () => {
  const server = sourceFiles(ROOT)
    .filter((file) => file.startsWith('packages/server/src/'))
    .map((file) => readText(ROOT, file))
    .join('\n');
  const isServed = (name: string): boolean => {
    const aliases = [...server.matchAll(new RegExp(`\\b${name} as (\\w+)`, 'g'))].map(
      ([, alias = '']) => alias,
    );
    return [name, ...aliases].some((one) =>
      new RegExp(`\\bmount\\w*\\([^;]*?\\b${one}\\b`, 's').test(server),
    );
  };
  const unserved = allRoutes().filter(({ name }) => !isServed(name));
  assert.deepEqual(
    unserved.map(({ name }) => name),
    [],
  );
});

import { RIGHTS } from '@sekisho/core/rules/rights.ts';
import { allRoutes, WIRE_MODULES } from '@sekisho/core/wire/routes.ts';
import { ROUTE_SUMMARIES, ROUTE_TAGS } from '@sekisho/core/words/en/routes.ts';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiDocument } from './openapi.ts';
import { ROUTE_EXAMPLES } from './openapi-examples.ts';

const document = openApiDocument('0.0.0') as {
  paths: Record<string, Record<string, { operationId: string; 'x-sekisho-right': string }>>;
  components: { schemas: Record<string, unknown> };
};

test('S-05 a public linter finds neither an error nor a warning in the OpenAPI document', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  assert.deepEqual(
    problems.map(({ severity, ruleId, message, location }) => [
      severity,
      ruleId,
      message,
      location[0]?.pointer,
    ]),
    [],
  );
});

test('S-05 the OpenAPI document has every route once, with the right that it needs', () => {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  assert.deepEqual(
    operations.map(({ operationId }) => operationId).sort(),
    allRoutes()
      .map(({ name }) => name)
      .sort(),
  );
  const access: readonly string[] = [...RIGHTS, 'peer', 'public', 'signed-in'];
  for (const operation of operations)
    assert.ok(access.includes(operation['x-sekisho-right']), operation.operationId);
});

test('S-05 every route has a summary and every part of the API its words, and none is left over', () => {
  const names = allRoutes().map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => !Object.hasOwn(ROUTE_SUMMARIES, name)),
    [],
    'say in packages/core/src/words/en/routes.ts what it does',
  );
  assert.deepEqual(
    Object.keys(WIRE_MODULES).filter((name) => !Object.hasOwn(ROUTE_TAGS, name)),
    [],
  );
});

test('S-05 what the document refers to is there, and nothing in it can be anything', () => {
  const text = JSON.stringify(document);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok(Object.hasOwn(document.components.schemas, name), name);
  assert.doesNotMatch(text, /\$defs/);
});

test('S-05 the examples of bodies are what the routes take', () => {
  for (const [name, example] of Object.entries(ROUTE_EXAMPLES)) {
    const route = allRoutes().find((one) => one.name === name)?.route;
    assert.ok(route, name);
    route.body.parse(example);
  }
});

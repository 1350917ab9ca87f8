import { agentFrame, serverFrame } from '@sekisho/core/wire/agent.ts';
import { DOCUMENT_PAYLOADS } from '@sekisho/core/wire/documents.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { allRoutes } from '@sekisho/core/wire/routes.ts';

type Schema = z.core.JSONSchema._JSONSchema;

/** Paths of lists and texts in a schema that have no upper bound. */
function unbounded(schema: Schema | undefined, path: string): string[] {
  if (schema === undefined || typeof schema === 'boolean') return [];
  const below = [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, one]) => unbounded(one, `${path}.${key}`)),
    ...(schema.anyOf ?? []).flatMap((one) => unbounded(one, path)),
    ...(schema.oneOf ?? []).flatMap((one) => unbounded(one, path)),
    ...(schema.allOf ?? []).flatMap((one) => unbounded(one, path)),
    ...[schema.items ?? []].flat().flatMap((one) => unbounded(one, `${path}[]`)),
    ...(typeof schema.additionalProperties === 'object'
      ? unbounded(schema.additionalProperties, `${path}{}`)
      : []),
  ];
  const closed = schema.enum !== undefined || schema.const !== undefined || schema.format === 'uuid';
  if (schema.type === 'array' && schema.maxItems === undefined) return [`${path}[]`, ...below];
  if (schema.type === 'string' && schema.maxLength === undefined && !closed) return [path, ...below];
  return below;
}

const check = (schema: z.ZodType, name: string): string[] =>
  unbounded(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), name);

test('every list and text that a route takes has a limit', () => {
  const found = allRoutes().flatMap(({ name, route }) =>
    (['params', 'query', 'body'] as const).flatMap((part) => check(route[part], `${name}.${part}`)),
  );
  assert.deepEqual(found, []);
});

test('every list and text in a frame has a limit, whoever sends it', () => {
  assert.deepEqual([...check(agentFrame, 'agentFrame'), ...check(serverFrame, 'serverFrame')], []);
});

test('every list and text in a signed document has a limit', () => {
  const found = Object.entries(DOCUMENT_PAYLOADS).flatMap(([type, schema]) => check(schema, type));
  assert.deepEqual(found, []);
});

test('the check above finds a list without a limit', () => {
  const schema = z.object({ names: z.array(z.string().max(5)), more: z.array(z.string()).max(3) });
  assert.deepEqual(check(schema, 'x'), ['x.names[]', 'x.more[]']);
});

import { IDEMPOTENCY_KEY_HEADER, IDEMPOTENCY_REPLAYED_HEADER } from './idempotency.ts';
import { problem, type Access, type Route } from '@sekisho/core/wire/route.ts';
import { EVENTS } from '@sekisho/core/wire/events.ts';
import { allRoutes, WIRE_MODULES, type NamedRoute } from '@sekisho/core/wire/routes.ts';
import * as scalars from '@sekisho/core/wire/scalars.ts';
import { ROUTE_SUMMARIES, ROUTE_TAGS } from '@sekisho/core/words/en/routes.ts';
import { z } from 'zod';
import { ROUTE_EXAMPLES } from './openapi-examples.ts';

type Json = Record<string, unknown>;
type Direction = 'input' | 'output';

/**
 * The whole wire contract as an OpenAPI document: each route with its right, what goes in and out, and the one problem
 * document that refuses. @source OpenAPI 3.1.1
 */
export function openApiDocument(version: string): Json {
  const schemas = new Schemas();
  const paths: Record<string, Json> = {};
  for (const named of allRoutes()) {
    const path = named.route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[named.route.method.toLowerCase()] = operation(named, schemas);
  }
  const problemSchema = schemas.refer(problem, 'output');
  return {
    openapi: '3.1.1',
    info: {
      title: 'Sekisho',
      version,
      summary: 'Management plane of a fleet of protected hosts',
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: '/',
        description: 'The management server that serves this document, at its administration port',
      },
    ],
    tags: Object.keys(WIRE_MODULES).map((name) => ({ name, description: ROUTE_TAGS[name] ?? name })),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      parameters: PARAMETERS,
      headers: HEADERS,
      responses: {
        Problem: {
          description: 'A refusal: what happened, what to do, and a code that stays the same',
          headers: { 'Content-Language': { $ref: '#/components/headers/Content-Language' } },
          content: { 'application/problem+json': { schema: problemSchema } },
        },
        NotModified: { description: 'The caller has it already (If-None-Match)' },
      },
      schemas: schemas.components,
    },
  };
}

function operation({ name, module, route }: NamedRoute, schemas: Schemas): Json {
  const isWrite = route.method !== 'GET';
  const body = schemas.refer(route.body, 'input');
  const example = ROUTE_EXAMPLES[name];
  return {
    operationId: name,
    tags: [module],
    summary: ROUTE_SUMMARIES[name] ?? name,
    security: SECURITY_OF_ACCESS[accessOf(route.right)],
    ...(route.right === 'peer'
      ? { description: 'On the agent port (13000), with the certificate of a host.' }
      : {}),
    'x-sekisho-right': route.right,
    'x-sekisho-scope': route.scope,
    ...(name === 'streamEvents' ? { 'x-sekisho-events': eventSchemas() } : {}),
    parameters: parametersOf(route, schemas),
    ...(isWrite && hasMembers(route.body)
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: body, ...(example === undefined ? {} : { example }) } },
          },
        }
      : {}),
    responses: {
      '200': success(name, route, schemas),
      ...(isWrite || name === 'streamEvents'
        ? {}
        : { '304': { $ref: '#/components/responses/NotModified' } }),
      '4XX': { $ref: '#/components/responses/Problem' },
      '5XX': { $ref: '#/components/responses/Problem' },
    },
  };
}

function success(name: string, route: Route, schemas: Schemas): Json {
  if (name === 'streamEvents') {
    const events = Object.keys(EVENTS).map((event) => `\`${event}\``);
    return {
      description: `An endless stream of these events: ${events.join(', ')}`,
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    };
  }
  return {
    description: 'Done',
    headers: {
      ETag: { $ref: '#/components/headers/ETag' },
      ...(isUnsafe(route)
        ? { 'Idempotency-Replayed': { $ref: '#/components/headers/Idempotency-Replayed' } }
        : {}),
    },
    content: { 'application/json': { schema: schemas.refer(route.reply, 'output') } },
  };
}

function parametersOf(route: Route, schemas: Schemas): Json[] {
  const of = (part: z.ZodType, place: 'path' | 'query'): Json[] => {
    const { properties = {}, required = [] } = schemas.inline(part, 'input');
    return Object.entries(properties as Record<string, Json>).map(([name, schema]) => ({
      name,
      in: place,
      required: place === 'path' || (required as string[]).includes(name),
      ...(PARAMETER_WORDS[name] === undefined ? {} : { description: PARAMETER_WORDS[name] }),
      schema,
    }));
  };
  const headers = [
    ...(isUnsafe(route) ? ['IdempotencyKey'] : []),
    ...(route.method === 'PUT' || route.method === 'DELETE' ? ['IfMatch'] : []),
    ...(route.method === 'GET' && route.path !== '/v1/events' ? ['IfNoneMatch'] : []),
    ...(route.path === '/v1/events' ? ['LastEventId'] : []),
  ];
  return [
    ...of(route.params, 'path'),
    ...of(route.query, 'query'),
    ...headers.map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ];
}

/** The schemas that the routes share, each once, by the name that core/wire exports it under. */
class Schemas {
  readonly components: Record<string, Json> = {};
  readonly #registries: Record<Direction, ReturnType<typeof z.registry<{ id: string }>>>;

  constructor() {
    this.#registries = { input: z.registry<{ id: string }>(), output: z.registry<{ id: string }>() };
    const seen = new Set<unknown>();
    for (const [name, schema] of namedSchemas()) {
      if (seen.has(schema)) continue;
      seen.add(schema);
      const [input, output] = (['input', 'output'] as const).map((io) =>
        JSON.stringify(plainSchema(schema, io)),
      );
      this.#registries.output.add(schema, { id: name });
      this.#registries.input.add(schema, { id: input === output ? name : `${name}Input` });
    }
  }

  /** A schema whose named parts are references into the components. */
  refer(schema: z.ZodType, io: Direction): Json {
    return this.#take(schema, io);
  }

  /** The same, but itself not a reference. */
  inline(schema: z.ZodType, io: Direction): Json {
    const taken = this.#take(schema, io);
    const name = typeof taken['$ref'] === 'string' ? taken['$ref'].split('/').at(-1) : undefined;
    return name === undefined ? taken : (this.components[name] ?? {});
  }

  #take(schema: z.ZodType, io: Direction): Json {
    const json = plainSchema(schema, io, this.#registries[io]);
    const text = JSON.stringify(json).replaceAll('#/$defs/', '#/components/schemas/');
    const { $defs, ...rest } = z
      .looseObject({ $defs: z.record(z.string(), z.record(z.string(), z.unknown())).optional() })
      .parse(JSON.parse(text));
    for (const [name, { id: _id, ...part }] of Object.entries($defs ?? {})) this.components[name] ??= part;
    delete rest['$schema'];
    delete rest['id'];
    return rest;
  }
}

/** Schemas that core/wire exports, with a name in capitals. */
function namedSchemas(): [string, z.ZodType][] {
  const modules: readonly Readonly<Record<string, unknown>>[] = [
    scalars,
    { problem },
    ...Object.values(WIRE_MODULES),
  ];
  return modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]): [string, z.ZodType][] =>
      value instanceof z.ZodType ? [[`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, value]] : [],
    ),
  );
}

function plainSchema(
  schema: z.ZodType,
  io: Direction,
  registry?: ReturnType<typeof z.registry<{ id: string }>>,
): Json {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    metadata: registry ?? z.registry<{ id: string }>(),
    override: ({ zodSchema, jsonSchema }) => {
      // our transforms are parsers of IDs: text in, text out
      if (zodSchema._zod.def.type === 'transform') Object.assign(jsonSchema, { type: 'string' });
      // a newer server may say more
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
}

const eventSchemas = (): Json =>
  Object.fromEntries(Object.entries(EVENTS).map(([name, schema]) => [name, plainSchema(schema, 'output')]));

const hasMembers = (schema: z.ZodType): boolean => {
  const { properties, ...rest } = plainSchema(schema, 'input');
  return Object.keys(properties ?? {}).length > 0 || rest['type'] !== 'object';
};

const isUnsafe = ({ method, right }: Route): boolean =>
  method !== 'GET' && right !== 'public' && right !== 'peer';

const accessOf = (right: Access): keyof typeof SECURITY_OF_ACCESS =>
  right === 'peer' || right === 'public' ? right : 'administrator';

const SECURITY_SCHEMES = {
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-sekisho',
    description: 'The session of somebody who signed in',
  },
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key' },
  hostCertificate: { type: 'mutualTLS', description: 'The certificate of a host of this domain' },
};
const SECURITY_OF_ACCESS = {
  administrator: [{ apiKey: [] }, { session: [] }],
  public: [],
  peer: [{ hostCertificate: [] }],
};
const PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'A random value for this act. The same request with the same key again, within 24 hours, gets the same reply and is not carried out twice.',
    schema: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[\\x21-\\x7e]+$' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag of what was read: a change by somebody else in between is refused with 412.',
    schema: { type: 'string' },
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'The ETag of what the caller has already.',
    schema: { type: 'string' },
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'Go on after this event.',
    schema: { type: 'string', pattern: '^\\d{1,15}$' },
  },
};
const HEADERS = {
  ETag: { description: 'Names this state of what was read', schema: { type: 'string' } },
  'Content-Language': {
    description: 'Language of title and detail',
    schema: { type: 'string', enum: ['en', 'ja'] },
  },
  'Idempotency-Replayed': {
    description: 'The reply of the first request with this key; nothing was done again',
    schema: { type: 'string', const: 'true' },
  },
};
const PARAMETER_WORDS: Readonly<Record<string, string>> = {
  limit: 'At most so many rows.',
  after: 'The `next` of the page before; every other parameter as before.',
  topics: 'What to follow, with commas between: `jobs,hosts`.',
};
const DESCRIPTION = `HTTP and JSON. Sign in with an API key (\`Authorization: Bearer …\`) or a session's cookie.
Refusals are problem documents (RFC 9457) with a code that stays the same. Lists go page by page with \`after\` and \`next\`.
Writes take \`${IDEMPOTENCY_KEY_HEADER}\` (a repeated reply carries \`${IDEMPOTENCY_REPLAYED_HEADER}\`) and \`If-Match\`. Times are milliseconds since 1970.`;

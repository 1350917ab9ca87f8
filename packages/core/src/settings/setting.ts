import { z } from 'zod';

/** What people read about a setting, and how it may be shown and given. */
export interface SettingWords {
  readonly en: string;
  readonly ja: string;
  /** `url`: a password may stand in it, which is never shown. */
  readonly secret?: 'url';
  /** Written by the program itself; environment and flags may not change it. */
  readonly fixed?: true;
}

/** Gives a key of a settings schema its meaning in both languages; apply it last, after the default. */
export const setting = <Schema extends z.ZodType>(schema: Schema, words: SettingWords): Schema =>
  schema.meta({ ...words });

/** One key as a person may set it. */
export interface SettingFacts {
  /** `fleet.heartbeatSeconds` */
  readonly key: string;
  readonly kind: 'integer' | 'number' | 'boolean' | 'text' | 'list' | 'object';
  /** What is allowed, in a notation that needs no words: `integer 0…65535`, `push | pull`. */
  readonly allowed: string;
  /** The default as JSON; undefined when there is none. */
  readonly fallback: unknown;
  readonly required: boolean;
  readonly words: SettingWords;
}

const metadata = z.object({
  en: z.string(),
  ja: z.string(),
  secret: z.literal('url').optional(),
  fixed: z.literal(true).optional(),
});
type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Every key of a settings schema, in its order. A key without words is a fault of the program, and throws. */
export function describeSettings(schema: z.ZodObject): SettingFacts[] {
  return describeObject(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }), '');
}

function describeObject(schema: JsonSchema, prefix: string): SettingFacts[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const key = `${prefix}${name}`;
    if (typeof one !== 'object') throw new Error(`the setting ${key} allows anything`);
    const words = metadata.safeParse(one);
    if (!words.success) {
      if (one.type === 'object' && one.properties !== undefined) return describeObject(one, `${key}.`);
      throw new Error(`the setting ${key} has no words`);
    }
    const { en, ja, secret, fixed } = words.data;
    return [
      {
        key,
        kind: kindOf(one),
        allowed: allowedOf(one),
        fallback: one.default,
        required: required.has(name),
        words: {
          en,
          ja,
          ...(secret === undefined ? {} : { secret }),
          ...(fixed === undefined ? {} : { fixed }),
        },
      },
    ];
  });
}

function kindOf(schema: JsonSchema): SettingFacts['kind'] {
  switch (schema.type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return schema.type;
    case 'array':
      return 'list';
    case 'object':
      return 'object';
    default:
      return nonNull(schema)?.type === 'object' ? 'object' : 'text';
  }
}

/** `null` beside one other type: the other type. */
const nonNull = (schema: JsonSchema): JsonSchema | undefined => {
  const others = (schema.anyOf ?? []).filter((one) => typeof one === 'object' && one.type !== 'null');
  const [only] = others;
  return others.length === 1 && typeof only === 'object' ? only : undefined;
};

function allowedOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.type === 'boolean') return 'true | false';
  if (schema.type === 'integer' || schema.type === 'number')
    return `${schema.type} ${schema.minimum ?? ''}…${schema.maximum ?? ''}`;
  if (schema.type === 'array') return `list ${schema.minItems ?? 0}…${schema.maxItems ?? ''}`;
  if (schema.type === 'string') {
    if (schema.format !== undefined) return schema.format;
    if (schema.description !== undefined) return schema.description;
    return `text ${schema.minLength ?? 0}…${schema.maxLength ?? ''}`;
  }
  const only = nonNull(schema);
  return only === undefined ? 'object' : `${allowedOf(only)} | null`;
}

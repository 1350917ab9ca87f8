import { CONFIG_ENVIRONMENT, CONFIG_FILE, serverConfig } from '@sekisho/server/config.ts';
import { z } from 'zod';
import { printedNote, table, type Page } from './page.ts';

/** The settings of a management server's process: one table per language, out of the schema that checks them. */
export const settingsPage = (): Page => ({
  path: 'docs/reference/settings.md',
  text:
    [
      '# Settings of a management server',
      printedNote('en'),
      `They stand in \`${CONFIG_FILE}\` in the data folder, which \`sekisho server init\` writes. A flag of \`server run\` wins over the environment, that over the file, that over the default. Anything wrong is refused at start, with all faults at once and the key of each.`,
      table(['Key', 'Kind', 'Default', 'Environment'], rows()),
      'The key-encryption key is not a setting: it is read from the file that `SEKISHO_KEK_FILE` names, else from the systemd credential `sekisho-kek`, else from `kek` in the data folder; the file must hold 32 bytes and be readable by its owner alone.',
    ].join('\n\n') + '\n',
});

function rows(): string[][] {
  const { properties = {}, required = [] } = z.toJSONSchema(serverConfig, {
    io: 'input',
    unrepresentable: 'any',
  });
  const variables = new Map(
    Object.entries(CONFIG_ENVIRONMENT).map(([variable, key]) => [key as string, variable]),
  );
  return Object.entries(properties).map(([key, schema]) => [
    `\`${key}\``,
    kind(schema),
    typeof schema === 'object' && schema.default !== undefined
      ? `\`${JSON.stringify(schema.default)}\``
      : required.includes(key)
        ? 'written by init'
        : '',
    variables.has(key) ? `\`${variables.get(key)}\`` : '',
  ]);
}

function kind(schema: z.core.JSONSchema._JSONSchema): string {
  if (typeof schema !== 'object') return '';
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.type === 'array') return `list of at most ${schema.maxItems ?? 'any number of'} texts`;
  if (schema.type === 'integer') return `whole number, ${schema.minimum} to ${schema.maximum}`;
  return schema.format === 'uuid'
    ? 'UUID'
    : `text of at most ${schema.maxLength ?? 'any number of'} characters`;
}

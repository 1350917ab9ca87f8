import { allRoutes, type NamedRoute } from '@sekisho/core/wire/routes.ts';
import { z } from 'zod';
import { printedNote, table, type Page } from './page.ts';

/** The routes with the right that each needs, and what goes in. */
export const routesPage = (): Page => ({
  path: 'docs/reference/api.md',
  text:
    [
      '# Routes',
      printedNote('en'),
      "JSON over HTTP. The administrative routes are served at the administration port (13291) and on a Unix socket in the server's data folder; those of right `peer` on the agent port, where the TLS peer certificate is the identity. The same as an OpenAPI document: [openapi.json](openapi.json). A refusal is a problem document (RFC 9457) with the members `code` and `params`; the codes are in [errors.en.md](errors.en.md).",
      table(
        ['Route', 'Right', 'Name'],
        allRoutes().map(({ name, route }) => [
          `\`${route.method} ${route.path}\``,
          `\`${route.right}\``,
          `[${name}](#${name.toLowerCase()})`,
        ]),
      ),
      ...allRoutes().map(details),
    ].join('\n\n') + '\n',
});

const details = ({ name, route }: NamedRoute): string => {
  const parts = (['query', 'body', 'reply'] as const).flatMap((part) => {
    const schema = z.toJSONSchema(route[part], {
      io: part === 'reply' ? 'output' : 'input',
      unrepresentable: 'any',
      reused: 'inline',
    });
    delete schema.$schema;
    if (part !== 'reply' && Object.keys(schema.properties ?? {}).length === 0 && schema.type === 'object')
      return [];
    return [`${part}:\n\n\`\`\`json\n${JSON.stringify(schema)}\n\`\`\``];
  });
  return [`## ${name}`, `\`${route.method} ${route.path}\`, right \`${route.right}\``, ...parts].join('\n\n');
};

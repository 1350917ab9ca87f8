import { fill } from '@sekisho/core/errors.ts';
import { serverData, serverFolder } from '../../client/data-folder.ts';
import { requiredText, text, texts } from '../../flag.ts';
import { renderPairs } from '../../output/table.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `server init`: creates the domain. */
export const serverInit = defineVerb({
  path: 'server init',
  args: {},
  flags: {
    data: serverData,
    name: requiredText('--name <name>'),
    database: text('--database <url>'),
    address: texts('--address <address>'),
  },
  examples: {
    first: "sekisho server init --data /var/lib/sekisho/server --name 'Example Corp'",
    reachable: "sekisho server init --name 'Example Corp' --address backup.example.com --address 192.0.2.10",
  },
  run: async ({ cli, flags }) => {
    const folder = serverFolder(cli, flags.data);
    const { initServer } = await import('@sekisho/server/main.ts');
    const domain = await initServer({
      dataFolder: folder,
      name: flags.name,
      ...(flags.database === undefined ? {} : { database: flags.database }),
      ...(flags.address.length === 0 ? {} : { addresses: [...flags.address] }),
      clock: cli.io.clock,
      random: cli.io.random,
    });
    const { accounts, labels, notes } = cli.words;
    const { firstAdministrator: first } = domain;
    const until = cli.format.timeWithZone(first.expiresAtMs);
    const link = { link: first.link.reveal(), code: first.code.reveal(), expiresAtMs: first.expiresAtMs };
    return {
      json: { ...domain, firstAdministrator: link, name: flags.name, data: folder },
      bare: domain.caFingerprint,
      text: [
        fill(notes.domainCreated, { name: flags.name }),
        ...renderPairs([
          [labels.domainId, domain.domainId],
          [labels.caFingerprint, domain.caFingerprint],
          [labels.data, folder],
        ]),
        '',
        fill(notes.domainNext, { data: quoteWord(folder) }),
        '',
        fill(accounts.notes.firstLink, { until }),
        link.link,
        accounts.notes.firstLinkHint,
      ],
    };
  },
});

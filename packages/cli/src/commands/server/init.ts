import { AppError, fill } from '@sekisho/core/errors.ts';
import type { ActiveNode } from '@sekisho/server/main.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { hostname } from 'node:os';
import type { Cli } from '../../cli.ts';
import { AGENT_FOLDER_DEFAULT, agentFolder, serverData, serverFolder } from '../../client/data-folder.ts';
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
    cluster: text('--cluster <name>'),
    node: texts('--node <node>'),
    agentData: { ...text('--agent-data <dir>'), defaultText: AGENT_FOLDER_DEFAULT },
  },
  examples: {
    first: "sekisho server init --data /var/lib/sekisho/server --name 'Example Corp'",
    reachable: "sekisho server init --name 'Example Corp' --address backup.example.com --address 192.0.2.10",
    cluster:
      "sekisho server init --name 'Example Corp' --cluster backup.example.com --node node-a --node node-b",
  },
  run: async ({ cli, flags }) => {
    const folder = serverFolder(cli, flags.data);
    const cluster = await activeNode(cli, flags);
    const { initServer } = await import('@sekisho/server/main.ts');
    const domain = await initServer({
      dataFolder: folder,
      name: flags.name,
      ...(flags.database === undefined ? {} : { database: flags.database }),
      ...(flags.address.length === 0 ? {} : { addresses: [...flags.address] }),
      ...(cluster === undefined ? {} : { cluster }),
      environment: cli.io.env,
      clock: cli.io.clock,
      random: cli.io.random,
    });
    const { accounts, labels, notes } = cli.words;
    const { firstAdministrator: first } = domain;
    const until = cli.format.timeWithZone(first.expiresAtMs);
    const link = { link: first.link.reveal(), code: first.code.reveal(), expiresAtMs: first.expiresAtMs };
    return {
      json: {
        ...domain,
        firstAdministrator: link,
        name: flags.name,
        data: folder,
        ...(cluster === undefined ? {} : { cluster: { name: cluster.virtualName, nodes: cluster.nodes } }),
      },
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
        ...(cluster === undefined ? [] : clusterText(cli, cluster)),
        '',
        fill(accounts.notes.firstLink, { until }),
        link.link,
        accounts.notes.firstLinkHint,
      ],
    };
  },
});

/** T-20 This machine as the active node of a cluster: its agent gets its certificate by the same command. */
async function activeNode(
  cli: Cli,
  flags: { cluster: string | undefined; node: readonly string[]; agentData: string | undefined },
): Promise<ActiveNode | undefined> {
  const [own = hostname(), ...others] = flags.node;
  if (flags.cluster === undefined) {
    if (flags.node.length === 0 && flags.agentData === undefined) return undefined;
    throw new AppError('USAGE_OPTION_MISSING', {
      command: 'sekisho server init',
      option: '--cluster <name>',
      help: 'sekisho server init --help',
    });
  }
  const { makeManualRequest } = await import('@sekisho/agent/setup/manual-request.ts');
  const { installManually } = await import('@sekisho/agent/setup/manual-install.ts');
  const dataFolder = agentFolder(cli, flags.agentData);
  return {
    virtualName: flags.cluster,
    nodes: [own, ...others],
    request: () => makeManualRequest({ dataFolder, name: own, names: [], media: false, reissue: false }),
    install: async (answer, expectedFingerprint) => {
      const log = createLog({ name: 'agent', level: 'warn' });
      const { clock } = cli.io;
      await installManually({ dataFolder, answer: JSON.stringify(answer), expectedFingerprint, clock, log });
    },
  };
}

/** What is done, and what is left to do by hand on the other nodes. */
function clusterText(cli: Cli, { virtualName: name, nodes: [own, ...others] }: ActiveNode): string[] {
  const { certificates } = cli.words;
  return [
    fill(certificates.activeNodeDeployed, { node: own, name }),
    ...others.map((node) => fill(certificates.otherNodeNext, { node, name })),
  ];
}

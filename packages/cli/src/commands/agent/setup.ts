import { AppError, fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { hostname } from 'node:os';
import { note, type Cli } from '../../cli.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { on, parseEndpoint, text, texts, type Endpoint } from '../../flag.ts';
import { askYesNo, canAsk } from '../../input/confirm.ts';
import { readExpectedFingerprint } from '../../input/expected-fingerprint.ts';
import { promptLine, promptSecret } from '../../input/prompt.ts';
import { readToken } from '../../input/read-token.ts';
import { groupFingerprint } from '../../output/fingerprint.ts';
import { quoteCommand, quoteWord } from '../../output/shell-quote.ts';
import { renderPairs } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** Where servers listen for agents. */
export const AGENT_PORT_DEFAULT = 13_000;
const MEDIA_PORT_DEFAULT = 13_002;

/** `agent setup` (T-10, T-11): from a script by flags, else with questions on the terminal. */
export const agentSetup = defineVerb({
  path: 'agent setup',
  args: {},
  flags: {
    data: agentData,
    server: text('--server <host:port>'),
    caFingerprint: text('--ca-fingerprint <hex>'),
    caFingerprintFile: text('--ca-fingerprint-file <file>'),
    caFingerprintUrl: text('--ca-fingerprint-url <url>'),
    tokenFile: text('--token-file <file>'),
    tokenEnv: text('--token-env <variable>'),
    relay: texts('--relay <host:port>'),
    media: on('--media'),
    name: text('--name <name>'),
    alias: texts('--alias <name>'),
    reissue: on('--reissue'),
    skipCertificate: on('--skip-certificate'),
  },
  examples: {
    ask: 'sekisho agent setup --server backup.example.com',
    script:
      'sekisho agent setup --server backup.example.com --ca-fingerprint-file ca-fingerprint.txt --token-file token.txt',
    later: 'sekisho agent setup --server backup.example.com --skip-certificate',
  },
  run: async ({ cli, flags }) => {
    const dataFolder = agentFolder(cli, flags.data);
    const server = await serverOf(cli, flags.server);
    const skip = flags.skipCertificate;
    const expected = skip ? undefined : await readExpectedFingerprint(cli, flags, server);
    const token = skip ? undefined : await tokenOf(cli, flags);
    const name = flags.name ?? hostname();
    const { setupAgent } = await import('@sekisho/agent/setup/setup-agent.ts');
    const result = await setupAgent({
      dataFolder,
      server: { host: server.address, port: server.port },
      ...(expected === undefined ? {} : { expectedFingerprint: expected }),
      confirm: (fingerprint) => confirmFingerprint(cli, server, fingerprint),
      ...(token === undefined ? {} : { token }),
      relays: flags.relay.map((raw) => parseEndpoint(raw, '--relay', MEDIA_PORT_DEFAULT)),
      media: flags.media,
      name,
      names: flags.alias,
      skipCertificate: skip,
      reissue: flags.reissue,
      clock: cli.io.clock,
      random: cli.io.random,
      log: createLog({ name: 'agent', level: 'warn' }),
    });
    const { labels, notes } = cli.words;
    const data = quoteWord(dataFolder);
    if (result === undefined) {
      const command = quoteCommand([
        ...['sekisho', 'agent', 'setup', '--data', dataFolder],
        ...['--server', flags.server ?? `${server.address}:${server.port}`, '--name', name],
        ...(flags.media ? ['--media'] : []),
      ]);
      return {
        json: { deployed: false, name, data: dataFolder },
        text: [fill(notes.hostSkipped, { command })],
      };
    }
    return {
      json: { deployed: true, ...result, data: dataFolder },
      bare: result.hostId,
      text: [
        fill(notes.hostReady, { name: result.name }),
        ...(result.caFollowed === undefined ? [] : [fill(notes.caFollowed, { to: result.caFollowed.to })]),
        ...renderPairs([
          [labels.id, result.hostId],
          [labels.domainId, result.domainId],
          [labels.data, dataFolder],
        ]),
        '',
        fill(notes.agentNext, { data }),
      ],
    };
  },
});

async function serverOf(cli: Cli, given: string | undefined): Promise<Endpoint> {
  if (given === undefined && (cli.json || !canAsk(cli))) {
    throw new AppError('USAGE_OPTION_MISSING', {
      command: 'sekisho agent setup',
      option: '--server <host:port>',
      help: 'sekisho agent setup --help',
    });
  }
  const value = given ?? (await promptLine(cli, cli.words.notes.serverPrompt));
  return parseEndpoint(value.trim(), '--server', AGENT_PORT_DEFAULT);
}

/** The token of file, variable or standard input; a person is asked when a terminal is there. */
export async function tokenOf(
  cli: Cli,
  flags: { tokenFile: string | undefined; tokenEnv: string | undefined },
  { ask = true }: { readonly ask?: boolean } = {},
): Promise<Secret | undefined> {
  const given = await readToken(cli, { file: flags.tokenFile, env: flags.tokenEnv });
  if (given !== undefined || !ask || cli.json || cli.yes || !canAsk(cli)) return given;
  const typed = (await promptSecret(cli, cli.words.notes.tokenPrompt)).trim();
  return typed === '' ? undefined : new Secret(typed);
}

/** T-10: a person compares. Nobody there: refused, with the option for scripts; `--yes` confirms no fingerprint. */
export async function confirmFingerprint(cli: Cli, server: Endpoint, fingerprint: string): Promise<boolean> {
  if (cli.json || !canAsk(cli)) {
    throw new AppError('FINGERPRINT_NEEDED', { command: quoteCommand(['sekisho', ...cli.argv]) });
  }
  const { notes } = cli.words;
  note(cli, '');
  note(cli, fill(notes.fingerprintShown, { server: `${server.address}:${server.port}` }));
  for (const line of groupFingerprint(fingerprint)) note(cli, `    ${line}`);
  note(cli, notes.fingerprintCompare);
  return askYesNo(cli, notes.fingerprintQuestion);
}

import { fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { on, parseEndpoint, requiredText, text } from '../../flag.ts';
import { readExpectedFingerprint } from '../../input/expected-fingerprint.ts';
import { quoteCommand, quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';
import { AGENT_PORT_DEFAULT, confirmFingerprint, tokenOf } from './setup.ts';

/** `agent upgrade --from-legacy FOLDER` (T-18). */
export const agentUpgrade = defineVerb({
  path: 'agent upgrade',
  args: {},
  flags: {
    data: agentData,
    fromLegacy: requiredText('--from-legacy <folder>'),
    server: text('--server <host:port>'),
    caFingerprint: text('--ca-fingerprint <hex>'),
    caFingerprintFile: text('--ca-fingerprint-file <file>'),
    caFingerprintUrl: text('--ca-fingerprint-url <url>'),
    tokenFile: text('--token-file <file>'),
    tokenEnv: text('--token-env <variable>'),
    skipCertificate: on('--skip-certificate'),
  },
  examples: {
    plain: 'sekisho agent upgrade --from-legacy /var/lib/sekisho-legacy',
    updater: 'sekisho agent upgrade --from-legacy /var/lib/sekisho-legacy --skip-certificate',
  },
  run: async ({ cli, flags }) => {
    const dataFolder = agentFolder(cli, flags.data);
    const skip = flags.skipCertificate;
    const { readLegacyServer, upgradeLegacy } = await import('@sekisho/agent/setup/upgrade-legacy.ts');
    const server =
      flags.server === undefined
        ? { address: await readLegacyServer(flags.fromLegacy), port: AGENT_PORT_DEFAULT }
        : parseEndpoint(flags.server, '--server', AGENT_PORT_DEFAULT);
    const expected = skip ? undefined : await readExpectedFingerprint(cli, flags, server);
    const token = skip ? undefined : await tokenOf(cli, flags, { ask: false });
    const result = await upgradeLegacy({
      fromFolder: flags.fromLegacy,
      dataFolder,
      server: { host: server.address, port: server.port },
      ...(expected === undefined ? {} : { expectedFingerprint: expected }),
      confirm: (fingerprint) => confirmFingerprint(cli, server, fingerprint),
      ...(token === undefined ? {} : { token }),
      skipCertificate: skip,
      clock: cli.io.clock,
      random: cli.io.random,
      log: createLog({ name: 'agent', level: 'warn' }),
    });
    const { notes } = cli.words.legacy;
    const { name, hostId, repositories } = result;
    if (hostId === null) {
      const again = cli.argv.filter((word) => word !== '--skip-certificate');
      const command = quoteCommand(['sekisho', ...again]);
      return {
        json: { ...result, data: dataFolder },
        text: [fill(notes.upgradeLater, { name, command })],
      };
    }
    return {
      json: { ...result, data: dataFolder },
      bare: hostId,
      text: [
        fill(notes.upgraded, { name }),
        repositories.length === 0
          ? notes.repositoryNew
          : fill(notes.repositoryGoesOn, { repositories: repositories.join(', ') }),
        fill(cli.words.notes.agentNext, { data: quoteWord(dataFolder) }),
      ],
    };
  },
});

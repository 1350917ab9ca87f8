import { AppError, fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { resolve } from 'node:path';
import type { Cli, VerbResult } from '../../cli.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { withAgent } from '../../client/open-agent.ts';
import { on, parseEndpoint, text } from '../../flag.ts';
import { readExpectedFingerprint } from '../../input/expected-fingerprint.ts';
import { quoteCommand, quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';
import { AGENT_PORT_DEFAULT, confirmFingerprint, tokenOf } from './setup.ts';

/** `agent upgrade`: a signed package (F-04), or `--from-legacy FOLDER` (T-18). */
export const agentUpgrade = defineVerb({
  path: 'agent upgrade',
  args: {},
  flags: {
    data: agentData,
    package: text('--package <file>'),
    fromServer: on('--from-server'),
    allowOlder: on('--allow-older'),
    check: on('--check'),
    fromLegacy: text('--from-legacy <folder>'),
    server: text('--server <host:port>'),
    caFingerprint: text('--ca-fingerprint <hex>'),
    caFingerprintFile: text('--ca-fingerprint-file <file>'),
    caFingerprintUrl: text('--ca-fingerprint-url <url>'),
    tokenFile: text('--token-file <file>'),
    tokenEnv: text('--token-env <variable>'),
    skipCertificate: on('--skip-certificate'),
  },
  examples: {
    carried: 'sekisho agent upgrade --package sekisho_0.2.0_amd64.deb',
    fetched: 'sekisho agent upgrade --from-server',
    plain: 'sekisho agent upgrade --from-legacy /var/lib/sekisho-legacy',
    updater: 'sekisho agent upgrade --from-legacy /var/lib/sekisho-legacy --skip-certificate',
  },
  run: async ({ cli, flags }) => {
    const { fromLegacy } = flags;
    const ways = [flags.package, fromLegacy, flags.fromServer || undefined].filter(Boolean);
    if (ways.length > 1) throw new AppError('USAGE_OPTIONS_CONFLICT', { options: WAYS });
    if (fromLegacy === undefined) {
      if (ways.length === 0)
        throw new AppError('USAGE_ONE_OF_NEEDED', {
          options: WAYS,
          usage: 'sekisho agent upgrade --from-server',
        });
      return installPackage(cli, flags);
    }
    const dataFolder = agentFolder(cli, flags.data);
    const skip = flags.skipCertificate;
    const { readLegacyServer, upgradeLegacy } = await import('@sekisho/agent/setup/upgrade-legacy.ts');
    const server =
      flags.server === undefined
        ? { address: await readLegacyServer(fromLegacy), port: AGENT_PORT_DEFAULT }
        : parseEndpoint(flags.server, '--server', AGENT_PORT_DEFAULT);
    const expected = skip ? undefined : await readExpectedFingerprint(cli, flags, server);
    const token = skip ? undefined : await tokenOf(cli, flags, { ask: false });
    const result = await upgradeLegacy({
      fromFolder: fromLegacy,
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

const WAYS = '--package, --from-server, --from-legacy';

/** F-04 Verifies, then installs; what is refused is told to the management server. */
async function installPackage(
  cli: Cli,
  flags: { data: string | undefined; package: string | undefined; allowOlder: boolean; check: boolean },
): Promise<VerbResult> {
  const { upgradeFromPackage } = await import('@sekisho/agent/setup/upgrade-package.ts');
  const { reportPackage } = await import('@sekisho/agent/control/agent-status.ts');
  const { installed, offered, done } = await upgradeFromPackage({
    dataFolder: agentFolder(cli, flags.data),
    from: flags.package === undefined ? 'server' : { file: resolve(cli.io.cwd, flags.package) },
    allowOlder: flags.allowOlder,
    install: !flags.check,
    report: (code) =>
      withAgent(cli, flags.data, (call) => call(reportPackage, { body: { code } })).then(
        () => true,
        () => false,
      ),
    clock: cli.io.clock,
    random: cli.io.random,
    log: createLog({ name: 'agent', level: 'error' }),
  });
  const { packages: words } = cli.words;
  const { version } = offered;
  return {
    json: { installed, offered, done },
    bare: version,
    text: [fill(done ? words.installed : words.verified, { version, installed })],
  };
}

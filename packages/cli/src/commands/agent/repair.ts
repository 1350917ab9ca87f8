import { AppError, errorWords, fill } from '@sekisho/core/errors.ts';
import { COMMUNICATION_PACKAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { createLog } from '@sekisho/platform/log.ts';
import type { repairAgent } from '@sekisho/agent/control/agent-status.ts';
import type { z } from 'zod';
import type { Cli } from '../../cli.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { withAgent } from '../../client/open-agent.ts';
import { text, type FlagValues } from '../../flag.ts';
import { askYesNo, canAsk } from '../../input/confirm.ts';
import { readTextFile } from '../../input/read-file.ts';
import { groupFingerprint } from '../../output/fingerprint.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

const FINGERPRINT_BYTES_MAX = 4_096;
const flags = {
  data: agentData,
  caFingerprint: text('--ca-fingerprint <hex>'),
  caFingerprintFile: text('--ca-fingerprint-file <file>'),
};

/** `agent repair FILE` (F-13): in the running agent, else in its data folder. */
export const agentRepair = defineVerb({
  path: 'agent repair',
  args: { file: '<file>' },
  flags,
  examples: {
    plain: 'sekisho agent repair repair.json',
    anew: 'sekisho agent repair repair.json --ca-fingerprint-file ca-fingerprint.txt',
  },
  run: async ({ cli, args, flags: given }) => {
    const expected = await expectedFingerprint(cli, given);
    const content = await readTextFile(cli, args.file ?? '', COMMUNICATION_PACKAGE_BYTES_MAX);
    const repaired = await repairOnce(cli, given.data, content, expected).catch((error: unknown) =>
      repairConfirmed(cli, given.data, content, error),
    );
    const { serverLists: words } = cli.words;
    const contact = repaired.running ? await contactOf(cli, given.data) : undefined;
    const { result } = repaired;
    const mustEnrol = result.certificate === 'expired' || contact?.is === 'refused';
    // of a former CA: the server renews it when it knows it byte for byte (F-38), or refuses it when it is shown
    const isRenewed = !mustEnrol && result.certificate === 'foreign' && contact?.is !== 'answered';
    return {
      json: {
        ...result,
        running: repaired.running,
        connected: contact?.is === 'answered',
      },
      text: [
        fill(words.repaired, { generation: result.generation, serial: result.listSerial }),
        fill(words.repairedServers, { servers: result.servers.join(', ') }),
        ...(result.isNewCa ? [fill(words.repairNewCa, { fingerprint: result.caFingerprint })] : []),
        ...(contact === undefined
          ? [fill(words.repairStart, { data: quoteWord(agentFolder(cli, given.data)) })]
          : contact.is === 'answered'
            ? [words.repairConnected]
            : contact.is === 'renewing'
              ? []
              : [fill(words.repairNotYet, { words: contact.words })]),
        ...(isRenewed ? [words.repairRenews] : []),
        ...(mustEnrol ? [words.repairEnrol, `  ${result.command}`] : []),
      ],
    };
  },
});

interface Repaired {
  readonly running: boolean;
  readonly result: z.output<typeof repairAgent.reply>;
}

async function repairOnce(
  cli: Cli,
  data: string | undefined,
  content: string,
  expected: string | undefined,
): Promise<Repaired> {
  const { repairAgent: route } = await import('@sekisho/agent/control/agent-status.ts');
  try {
    const body = { package: content, caFingerprint: expected ?? null };
    return { running: true, result: await withAgent(cli, data, (call) => call(route, { body })) };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'AGENT_NOT_RUNNING') throw error;
  }
  const { repairStoppedAgent } = await import('@sekisho/agent/repair/repair-agent.ts');
  const result = await repairStoppedAgent({
    dataFolder: agentFolder(cli, data),
    text: content,
    expectedFingerprint: expected,
    clock: cli.io.clock,
    log: createLog({ name: 'agent', level: 'error' }),
  });
  return { running: false, result: route.reply.parse(result) };
}

/** T-10: a person compares; never silently, and `--yes` confirms no fingerprint. */
async function repairConfirmed(
  cli: Cli,
  data: string | undefined,
  content: string,
  error: unknown,
): Promise<Repaired> {
  if (!(error instanceof AppError) || error.code !== 'REPAIR_FINGERPRINT_NEEDED' || cli.json || !canAsk(cli))
    throw error;
  const found = String(error.params['found']);
  const { serverLists: words } = cli.words;
  for (const line of [words.repairShown, ...groupFingerprint(found).map((one) => `  ${one}`)])
    cli.io.stderr.write(`${line}\n`);
  if (!(await askYesNo(cli, words.repairQuestion))) throw error;
  return repairOnce(cli, data, content, found);
}

async function expectedFingerprint(cli: Cli, given: FlagValues<typeof flags>): Promise<string | undefined> {
  if (given.caFingerprint !== undefined && given.caFingerprintFile !== undefined)
    throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--ca-fingerprint, --ca-fingerprint-file' });
  const raw =
    given.caFingerprintFile === undefined
      ? given.caFingerprint
      : await readTextFile(cli, given.caFingerprintFile, FINGERPRINT_BYTES_MAX);
  if (raw === undefined) return undefined;
  const { parseFingerprint } = await import('@sekisho/agent/setup/fingerprint.ts');
  return parseFingerprint(raw);
}

/** What the server says to the repaired agent; `renewing`: it knows this host's certificate, and takes it for its renewal alone. */
type Contact = { readonly is: 'answered' | 'renewing' | 'refused' | 'silent'; readonly words: string };

async function contactOf(cli: Cli, data: string | undefined): Promise<Contact> {
  const { heartbeatAgent } = await import('@sekisho/agent/control/agent-status.ts');
  try {
    await withAgent(cli, data, (call) => call(heartbeatAgent));
    return { is: 'answered', words: '' };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { words } = errorWords(error.code, error.params, cli.language);
    if (error.code === 'CERTIFICATE_CA_RETIRED') return { is: 'renewing', words };
    const isRefusal = error.code.startsWith('CERTIFICATE_') || error.code.startsWith('PEER_CERTIFICATE_');
    return { is: isRefusal ? 'refused' : 'silent', words };
  }
}

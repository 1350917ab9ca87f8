import { fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { requiredText } from '../../flag.ts';
import { readTextFile } from '../../input/read-file.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

/** `cert install FILE` (T-17): what `cert sign` gave, on the host that asked. */
export const certInstall = defineVerb({
  path: 'cert install',
  args: { file: '<file>' },
  flags: { data: agentData, caFingerprint: requiredText('--ca-fingerprint <hex>') },
  examples: {
    plain: 'sekisho cert install web-01.answer --ca-fingerprint "$(cat ca-fingerprint.txt)"',
  },
  run: async ({ cli, args, flags }) => {
    const { installManually, MANUAL_ANSWER_BYTES_MAX } =
      await import('@sekisho/agent/setup/manual-install.ts');
    const dataFolder = agentFolder(cli, flags.data);
    const result = await installManually({
      dataFolder,
      answer: await readTextFile(cli, args.file ?? '', MANUAL_ANSWER_BYTES_MAX),
      expectedFingerprint: flags.caFingerprint,
      clock: cli.io.clock,
      log: createLog({ name: 'agent', level: 'warn' }),
    });
    const { notes } = cli.words;
    return {
      json: { deployed: true, ...result, data: dataFolder },
      bare: result.hostId,
      text: [
        fill(notes.hostReady, { name: result.name }),
        fill(notes.agentNext, { data: quoteWord(dataFolder) }),
      ],
    };
  },
});

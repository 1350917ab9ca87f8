import { AppError, fill } from '@sekisho/core/errors.ts';
import { getDomain } from '@sekisho/core/wire/trust.ts';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf, serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { text } from '../../flag.ts';
import { renderPairs } from '../../output/table.ts';
import { groupFingerprint } from '../../output/fingerprint.ts';
import { defineVerb } from '../../verb.ts';

/** `server fingerprint`: what people compare at set-up (T-01). */
export const serverFingerprint = defineVerb({
  path: 'server fingerprint',
  args: {},
  flags: { data: serverData, out: text('--out <file>') },
  examples: {
    plain: 'sekisho server fingerprint',
    bare: 'sekisho server fingerprint --quiet',
    file: 'sekisho server fingerprint --out ca-fingerprint.txt',
  },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { name, caFingerprint } = await call(getDomain);
      const saved = flags.out === undefined ? undefined : resolve(cli.io.cwd, flags.out);
      if (saved !== undefined) {
        try {
          await writeFile(saved, `${caFingerprint}\n`, { mode: 0o644 });
        } catch (error) {
          throw new AppError(
            'FILE_NOT_WRITABLE',
            { path: saved, reason: codeOf(error) ?? '' },
            { cause: error },
          );
        }
      }
      const { labels, notes } = cli.words;
      return {
        json: { domain: name, caFingerprint, ...(saved === undefined ? {} : { saved }) },
        bare: caFingerprint,
        text: [
          ...renderPairs([
            [labels.domain, name],
            [labels.caFingerprint, [caFingerprint, ...groupFingerprint(caFingerprint)]],
          ]),
          ...(saved === undefined ? [] : [fill(notes.fingerprintSaved, { path: saved })]),
        ],
      };
    }),
});

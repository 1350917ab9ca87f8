import { AppError, fill } from '@sekisho/core/errors.ts';
import { CSR_BYTES_MAX } from '@sekisho/core/limits.ts';
import { signByHand } from '@sekisho/core/wire/manual.ts';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseCertificateRequest, requestBytesOfText } from '@sekisho/pki/csr.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { on, requiredText, text } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { readTextFile } from '../../input/read-file.ts';
import { readToken } from '../../input/read-token.ts';
import { groupFingerprint } from '../../output/fingerprint.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { writeNewFile } from '../../output/write-file.ts';
import { defineVerb } from '../../verb.ts';

/** `cert sign FILE` (T-17): shows what the request asks for, and gives a file for `cert install`. */
export const certSign = defineVerb({
  path: 'cert sign',
  args: { file: '<file>' },
  flags: {
    data: serverData,
    out: requiredText('--out <file>'),
    tokenFile: text('--token-file <file>'),
    tokenEnv: text('--token-env <variable>'),
    media: on('--media'),
  },
  examples: {
    plain: 'sekisho cert sign web-01.csr --out web-01.answer',
    reissue: 'sekisho cert sign web-01.csr --token-file token.txt --out web-01.answer',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const pem = await readTextFile(cli, args.file ?? '', CSR_BYTES_MAX * 2);
      const csr = parseCertificateRequest(requestBytesOfText(pem));
      const out = resolve(cli.io.cwd, flags.out);
      if (existsSync(out)) throw new AppError('FILE_EXISTS', { path: out });
      const token = await readToken(cli, { file: flags.tokenFile, env: flags.tokenEnv });
      const { certificates } = cli.words;
      const names = [...new Set([csr.commonName ?? '', ...csr.dns, ...csr.ips])].filter((one) => one !== '');
      await confirm(
        cli,
        [
          fill(certificates.signPreview, { names: names.join(', ') }),
          ...(csr.wantsServerAuth ? [certificates.signMedia] : []),
          ...groupFingerprint(csr.sha256).map((line) => `    ${line}`),
          certificates.signCompare,
        ],
        certificates.signQuestion,
      );
      const { hostId, name, answer } = await call(signByHand, {
        body: { csr: pem, media: flags.media, ...(token === undefined ? {} : { token: token.reveal() }) },
      });
      const file = await writeNewFile(cli, flags.out, `${JSON.stringify(answer, null, 2)}\n`);
      return {
        json: { hostId, name, file },
        bare: hostId,
        text: [
          fill(certificates.signed, { name, id: hostId, path: quoteWord(file) }),
          fill(certificates.signNext, { file: quoteWord(flags.out) }),
        ],
      };
    }),
});

import { AppError, fill } from '@sekisho/core/errors.ts';
import { reissueClusterTokens } from '@sekisho/core/wire/clusters.ts';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { serverData, codeOf } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { text } from '../../flag.ts';
import { renderPairs } from '../../output/table.ts';
import { writeNewFile } from '../../output/write-file.ts';
import { defineVerb } from '../../verb.ts';

/** `cluster reissue-tokens NAME` (T-20): for every node at once; printed here and never again, or into files. */
export const clusterReissueTokens = defineVerb({
  path: 'cluster reissue-tokens',
  args: { name: '<name>' },
  flags: { data: serverData, outFolder: text('--out-folder <dir>') },
  examples: {
    files: 'sekisho cluster reissue-tokens files.example.com --out-folder tokens',
    print: 'sekisho cluster reissue-tokens files.example.com',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const folder = flags.outFolder === undefined ? undefined : await newFolder(cli.io.cwd, flags.outFolder);
      const made = await call(reissueClusterTokens, { params: { name: args.name ?? '' }, body: {} });
      if (folder !== undefined)
        for (const { node, token } of made.tokens)
          await writeNewFile(cli, join(folder, `${node}.token`), `${token.token}\n`);
      const { certificates } = cli.words;
      const missing =
        made.withoutHost.length === 0
          ? []
          : [fill(certificates.clusterWithoutHost, { nodes: made.withoutHost.join(', ') })];
      return {
        json:
          folder === undefined
            ? made
            : {
                folder,
                tokens: made.tokens.map(({ node, token }) => ({ node, id: token.id })),
                withoutHost: made.withoutHost,
              },
        text:
          folder === undefined
            ? [
                certificates.clusterTokensShown,
                ...renderPairs(made.tokens.map(({ node, token }) => [node, token.token] as const)),
                certificates.clusterTokenUse,
                ...missing,
              ]
            : [
                fill(certificates.clusterTokensWritten, { folder }),
                ...made.tokens.map(({ node }) => `  ${node}.token`),
                certificates.clusterTokenUse,
                ...missing,
              ],
      };
    }),
});

/** Made before there are tokens: what cannot be written would be lost. Refusals: FILE_EXISTS, FILE_NOT_WRITABLE. */
async function newFolder(cwd: string, given: string): Promise<string> {
  const folder = resolve(cwd, given);
  if (existsSync(folder)) throw new AppError('FILE_EXISTS', { path: folder });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AppError('FILE_NOT_WRITABLE', { path: folder, reason: codeOf(error) ?? '' }, { cause: error });
  }
  return folder;
}

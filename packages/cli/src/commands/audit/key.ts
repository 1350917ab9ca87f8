import { getAuditKey } from '@sekisho/core/wire/audit.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { renderPairs } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `audit key`. */
export const auditKey = defineVerb({
  path: 'audit key',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho audit key' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const key = await call(getAuditKey);
      const { labels } = cli.words.audit;
      return {
        json: key,
        bare: key.verifierKey,
        text: renderPairs([
          [labels.origin, key.origin],
          [labels.key, key.verifierKey],
          [labels.fingerprint, key.caFingerprint],
        ]),
      };
    }),
});

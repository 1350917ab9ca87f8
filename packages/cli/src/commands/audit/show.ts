import { auditSentence } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { getAuditRow } from '@sekisho/core/wire/audit.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { on } from '../../flag.ts';
import { renderPairs, visible } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';
import { SEQ_MAX } from './list.ts';

/** `audit show`. */
export const auditShow = defineVerb({
  path: 'audit show',
  args: { seq: '<seq>' },
  flags: { data: serverData, proof: on('--proof') },
  examples: { plain: 'sekisho audit show 42', proof: 'sekisho audit show 42 --proof' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const seq = rowNumber(args.seq ?? '');
      const { row, leaf, proof } = await call(getAuditRow, { params: { seq } });
      const { labels, states, audit } = cli.words;
      const shown: [string, string][] = [
        [labels.seq, String(row.seq)],
        [labels.at, cli.format.time(row.atMs)],
        [labels.category, row.category],
        [labels.act, row.act],
        [audit.labels.words, auditSentence(row, cli.language)],
        [labels.outcome, states.outcome[row.outcome]],
        [labels.actor, row.actor],
        [labels.origin, row.origin],
        [labels.subject, row.subject],
      ];
      const proved =
        proof === null
          ? [`${audit.labels.proof}: ${audit.notCovered}`]
          : [
              `${audit.labels.leaf}: ${leaf}`,
              `${audit.labels.proof}:`,
              ...proof.hashes.map((hash) => `  ${hash}`),
              `${audit.labels.checkpoint}:`,
              ...proof.checkpoint
                .trimEnd()
                .split('\n')
                .map((line) => `  ${line}`.trimEnd()),
            ];
      return {
        json: flags.proof ? { row, leaf, proof } : row,
        text: [
          ...renderPairs(shown),
          `${audit.labels.detail}:`,
          ...JSON.stringify(row.detail, null, 2)
            .split('\n')
            .map((line) => `  ${visible(line)}`),
          ...(flags.proof ? proved : []),
        ],
      };
    }),
});

function rowNumber(given: string): number {
  const seq = /^[1-9]\d{0,12}$/.test(given) ? Number(given) : Number.NaN;
  if (!(seq <= SEQ_MAX))
    throw new AppError('USAGE_NUMBER_INVALID', { option: '<seq>', value: given, min: 1, max: SEQ_MAX });
  return seq;
}

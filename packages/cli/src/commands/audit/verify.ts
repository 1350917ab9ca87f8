import { AppError, fill } from '@sekisho/core/errors.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { resolve } from 'node:path';
import { rowProgress } from '../../audit/progress.ts';
import { fileSource, serverSource } from '../../audit/sources.ts';
import { verifyLog, type AuditSource, type VerifiedLog } from '../../audit/verify-log.ts';
import { note, say, sayJson, type Cli, type VerbResult } from '../../cli.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { text } from '../../flag.ts';
import { readTextFile } from '../../input/read-file.ts';
import { renderPairs, renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

const CHECKPOINT_FILE_BYTES_MAX = 64 * 1024;

/** `audit verify`: the program proves it itself, and believes nothing that the server or the file says. */
export const auditVerify = defineVerb({
  path: 'audit verify',
  args: {},
  flags: {
    data: serverData,
    caFingerprint: text('--ca-fingerprint <hex>'),
    checkpoint: text('--checkpoint <file>'),
    file: text('--file <file>'),
    save: text('--save <file>'),
  },
  examples: {
    plain: 'sekisho audit verify',
    kept: 'sekisho audit verify --checkpoint last.checkpoint --save new.checkpoint',
    offline: 'sekisho audit verify --file audit.jsonl --ca-fingerprint HEX',
  },
  run: async ({ cli, flags }) => {
    const options = { caFingerprint: flags.caFingerprint, held: flags.checkpoint, save: flags.save };
    if (flags.file !== undefined)
      return proved(cli, await fileSource(resolve(cli.io.cwd, flags.file)), options);
    return withServer(cli, flags.data, async ({ call }) => proved(cli, await serverSource(call), options));
  },
});

async function proved(
  cli: Cli,
  source: AuditSource,
  options: { caFingerprint: string | undefined; held: string | undefined; save: string | undefined },
): Promise<VerbResult> {
  const { audit } = cli.words;
  const { held: heldFile } = options;
  const held =
    heldFile === undefined ? undefined : await readTextFile(cli, heldFile, CHECKPOINT_FILE_BYTES_MAX);
  const caFingerprint = await expectedFingerprint(options.caFingerprint, source);
  if (options.caFingerprint === undefined) note(cli, fill(audit.believed, { fingerprint: caFingerprint }));
  const progress = rowProgress(cli);
  let log: VerifiedLog;
  try {
    log = await verifyLog(source, { caFingerprint, held, onProgress: progress.update });
  } finally {
    progress.clear();
  }
  if (log.findingsCount > 0) return refuse(cli, log);
  if (options.save !== undefined)
    await writeDurably(resolve(cli.io.cwd, options.save), Buffer.from(log.checkpoint, 'utf8'), {
      mode: 0o644,
    });
  const { labels } = audit;
  return {
    json: log,
    bare: log.root,
    text: [
      fill(audit.proved, { size: cli.format.count(log.size) }),
      ...(log.newer === 0 ? [] : [fill(audit.newer, { rows: cli.format.count(log.newer) })]),
      ...(heldFile === undefined ? [] : [fill(audit.continues, { file: heldFile })]),
      ...(options.save === undefined ? [] : [fill(audit.saved, { file: options.save })]),
      ...renderPairs([
        [labels.origin, log.origin],
        [labels.fingerprint, log.caFingerprint],
        [labels.root, log.root],
      ]),
    ],
  };
}

/** Refusal: CA_FINGERPRINT_INVALID. */
async function expectedFingerprint(given: string | undefined, source: AuditSource): Promise<string> {
  if (given === undefined) return source.key.caFingerprint;
  const { parseFingerprint } = await import('@sekisho/agent/setup/fingerprint.ts');
  return parseFingerprint(given);
}

function refuse(cli: Cli, log: VerifiedLog): never {
  const { audit, labels } = cli.words;
  sayJson(cli, log);
  for (const line of renderTable(
    [{ title: labels.seq, right: true }, { title: audit.labels.what }],
    log.findings.map(({ seq, what }) => [String(seq), audit.findings[what]]),
  ))
    say(cli, line);
  const unlisted = log.findingsCount - log.findings.length;
  if (unlisted > 0) say(cli, fill(audit.more, { rows: cli.format.count(unlisted) }));
  throw new AppError('AUDIT_LOG_CHANGED', {
    findings: log.findingsCount,
    first: log.findings[0]?.seq ?? '?',
  });
}

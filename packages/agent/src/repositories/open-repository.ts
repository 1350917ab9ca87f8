import { AppError } from '@sekisho/core/errors.ts';
import {
  parseSnapshotId,
  repositoryOwner,
  type HostId,
  type RepositoryName,
  type SnapshotId,
} from '@sekisho/core/ids.ts';
import { MINUTE_MS, SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import type { AssignmentPayload, PolicyPayload } from '@sekisho/core/wire/documents.ts';
import { findRestic } from '@sekisho/media/restic/find-restic.ts';
import { runRestic, type RunResticInput, type RunResticResult } from '@sekisho/media/restic/run-restic.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { z } from 'zod';
import type { Ledger } from '../jobs/ledger.ts';
import type { RunningJob } from '../jobs/running-job.ts';
import { MediaConnection, type MediaTarget, type MediaTrust } from '../proxy/media-connection.ts';
import { startResticProxy, type ResticProxy } from '../proxy/restic-proxy.ts';
import type { PeerDecisions } from '../names/peer-decisions.ts';
import type { RepositoryPasswords } from './password-cache.ts';

export interface RepositoryContext extends MediaTrust {
  readonly names: PeerDecisions;
  readonly policy: () => PolicyPayload | undefined;
  readonly assignment: () => AssignmentPayload | undefined;
  readonly passwords: RepositoryPasswords;
  readonly ledger: Ledger;
  readonly cacheFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly unreachableMaxMs?: number | undefined;
  /** Connections that are judged again when a CRL comes. */
  readonly live: Set<MediaConnection>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** So long a restore waits for the media server to hear that it may read another host's repository, asking as often. */
export const GRANT_WAIT_MAX_MS = 10 * MINUTE_MS;
const GRANT_ASK_MS = SECOND_MS;

/** One repository, open for one job: restic runs against it through the loopback proxy. */
export interface OpenRepository {
  readonly repository: RepositoryName;
  readonly mediaHostId: HostId;
  readonly proxy: ResticProxy;
  /** Makes it if it is not there, and clears locks that an interrupted run of ours left. */
  prepare(): Promise<void>;
  run(
    args: readonly string[],
    handlers?: Pick<RunResticInput, 'onMessage' | 'onLine' | 'onStderr'>,
  ): Promise<RunResticResult>;
  /** Runs, and throws what went wrong unless restic ended well. */
  mustRun(
    args: readonly string[],
    handlers?: Pick<RunResticInput, 'onMessage' | 'onLine' | 'onStderr'>,
  ): Promise<RunResticResult>;
  /** Why a run failed, in our own codes. */
  explain(result: RunResticResult, command: string): AppError;
  /** The whole ID of the snapshot with this tag. */
  findSnapshot(tag: string): Promise<SnapshotId | undefined>;
  close(): Promise<void>;
}

/** Where a media server is, by the signed policy. Refusal: MEDIA_SERVER_UNKNOWN. */
export function mediaTarget(policy: PolicyPayload | undefined, hostId: HostId): MediaTarget {
  const found = policy?.mediaServers.find((server) => server.hostId === hostId);
  if (found === undefined) throw new AppError('MEDIA_SERVER_UNKNOWN', { hostId });
  return found;
}

/**
 * Opens the repository of a backup: of the plan's media servers the first that can be used, with this host's newest open
 * repository there (P-10: fallback). Refusals: REPOSITORY_UNASSIGNED, MEDIA_SERVER_…, PEER_….
 */
export async function openBackupRepository(
  context: RepositoryContext,
  job: RunningJob,
  mediaHostIds: readonly HostId[],
): Promise<OpenRepository> {
  let refusal = new AppError('REPOSITORY_UNASSIGNED');
  for (const mediaHostId of mediaHostIds) {
    const own = context
      .assignment()
      ?.repositories.filter((one) => one.mediaHostId === mediaHostId && !one.sealed);
    const newest = own?.at(-1);
    if (newest === undefined) continue;
    try {
      return await openRepository(context, job, { repository: newest.repository, mediaHostId });
    } catch (error) {
      job.check();
      if (!(error instanceof AppError) || !mayFallBack(error)) throw error;
      refusal = error;
      job.warn(`media server ${mediaHostId}: ${error.message}`);
    }
  }
  throw refusal;
}

/** Also of a legacy media server that is not let in now (T-53): the next one may be current. */
const mayFallBack = (error: AppError): boolean => /^(PEER_|MEDIA_SERVER_|LEGACY_|INSECURE_)/.test(error.code);

/**
 * Opens one repository on one media server; that it answers is known afterwards. One of another host is only read, and leaves nothing
 * here: no lock, no cache, no password (P-14).
 */
export async function openRepository(
  context: RepositoryContext,
  job: RunningJob,
  wish: { repository: RepositoryName; mediaHostId: HostId },
): Promise<OpenRepository> {
  const { repository, mediaHostId } = wish;
  const binary = await findRestic(context.env);
  const media = new MediaConnection(mediaTarget(context.policy(), mediaHostId), context);
  context.live.add(media);
  users.set(repository, (users.get(repository) ?? 0) + 1);
  let proxy: ResticProxy | undefined;
  let closed = false;
  const close = async (): Promise<void> => {
    if (!closed) leave(repository);
    closed = true;
    context.live.delete(media);
    media.close();
    await proxy?.close();
  };
  try {
    proxy = await startResticProxy({
      repository,
      media,
      onGiveUp: (refusal) => {
        job.stop(refusal);
      },
      ...(context.unreachableMaxMs === undefined ? {} : { unreachableMaxMs: context.unreachableMaxMs }),
      clock: context.clock,
      random: context.random,
      log: context.log,
    });
    const isForeign = repositoryOwner(repository) !== context.assignment()?.hostId;
    const exists = isForeign
      ? await grantedRepository(context, job, proxy, repository)
      : await proxy.hasRepository();
    const { jobId } = job.facts;
    const password = isForeign
      ? await context.passwords.once(repository, jobId)
      : await context.passwords.get(repository, jobId);
    job.check();
    job.hide(password.reveal());
    job.hide(proxy.repositoryUrl.reveal());
    job.repository = repository;
    job.mediaHostId = mediaHostId;
    return opened(context, job, { ...wish, binary, proxy, password, exists, isForeign, close });
  } catch (error) {
    await close();
    throw error;
  }
}

function opened(
  context: RepositoryContext,
  job: RunningJob,
  parts: {
    repository: RepositoryName;
    mediaHostId: HostId;
    binary: string;
    proxy: ResticProxy;
    password: Secret;
    exists: boolean;
    isForeign: boolean;
    close: () => Promise<void>;
  },
): OpenRepository {
  const { proxy, repository, mediaHostId } = parts;
  // Nothing is written to a sealed repository, not even restic's lock; nothing is removed from it either.
  const sealed = context
    .assignment()
    ?.repositories.some((one) => one.repository === repository && one.sealed);
  const run: OpenRepository['run'] = async (args, handlers = {}) =>
    runRestic({
      binary: parts.binary,
      args: [
        ...(sealed === true || parts.isForeign ? ['--no-lock'] : []),
        ...(parts.isForeign ? ['--no-cache'] : []),
        ...args,
      ],
      env: {
        RESTIC_REPOSITORY: proxy.repositoryUrl,
        RESTIC_PASSWORD: parts.password,
        RESTIC_CACHE_DIR: context.cacheFolder,
      },
      signal: job.signal,
      onStderr: (line) => {
        job.log(line);
      },
      ...handlers,
    });
  const explain: OpenRepository['explain'] = (result, command) => {
    const text = result.stderrTail.join('\n');
    if (result.meaning === 'locked' || /already locked/.test(text)) return new AppError('REPOSITORY_LOCKED');
    if (result.meaning === 'wrong-password' || /wrong password/.test(text))
      return new AppError('REPOSITORY_PASSWORD_WRONG');
    if (proxy.refusal !== undefined) return proxy.refusal;
    const detail = result.stderrTail.findLast((line) => line.trim() !== '') ?? '-';
    return new AppError('RESTIC_FAILED', {
      command,
      exitCode: result.exitCode ?? '-',
      detail: detail.replaceAll(parts.password.reveal(), '[redacted]').slice(0, 500),
    });
  };
  const mustRun: OpenRepository['mustRun'] = async (args, handlers) => {
    const result = await run(args, handlers);
    job.check();
    if (result.meaning !== 'ok') throw explain(result, args[0] ?? '');
    return result;
  };
  return {
    repository,
    mediaHostId,
    proxy,
    run,
    mustRun,
    explain,
    prepare: () =>
      oneAtATime(repository, async () => {
        job.check();
        if (!parts.exists && !(await proxy.hasRepository())) await mustRun(['init']);
        // restic alone keeps a lock for 30 minutes when its process waits to be reaped, or ran under another host name.
        else if (await context.ledger.wasBusy(repository))
          await mustRun(users.get(repository) === 1 ? ['unlock', '--remove-all'] : ['unlock']);
      }),
    async findSnapshot(tag) {
      const lines: string[] = [];
      await mustRun(['snapshots', '--json', '--tag', tag], { onLine: (line) => lines.push(line) });
      const found = snapshotList.safeParse(JSON.parse(lines.join('') || '[]'));
      const id = found.success ? found.data?.at(-1)?.id : undefined;
      return id === undefined ? undefined : parseSnapshotId(id);
    },
    close: parts.close,
  };
}

/** The grant goes to the media server with its next assignment: a moment after the order came here, or as soon as it is back. */
async function grantedRepository(
  { clock }: RepositoryContext,
  job: RunningJob,
  proxy: ResticProxy,
  repository: RepositoryName,
): Promise<boolean> {
  const untilMs = clock.monotonicMs() + GRANT_WAIT_MAX_MS;
  for (;;) {
    job.check();
    try {
      return await proxy.hasRepository();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'REPOSITORY_OTHER_HOST') throw error;
      if (clock.monotonicMs() >= untilMs)
        throw new AppError('RESTORE_GRANT_ABSENT', { repository }, { cause: error });
    }
    await clock.sleep(GRANT_ASK_MS, job.signal);
  }
}

const snapshotList = z.array(z.object({ id: z.string() })).nullable();

/** How many jobs have each repository open: only this host locks it, so a lock that none of them holds is left over. */
const users = new Map<RepositoryName, number>();

function leave(repository: RepositoryName): void {
  const others = (users.get(repository) ?? 1) - 1;
  if (others === 0) users.delete(repository);
  else users.set(repository, others);
}

const turns = new Map<RepositoryName, Promise<unknown>>();

/** Two jobs must not make the same repository at once. */
async function oneAtATime(repository: RepositoryName, work: () => Promise<void>): Promise<void> {
  const before = turns.get(repository);
  const mine = (before ?? Promise.resolve()).then(work, work);
  const settled = mine.catch(() => undefined);
  turns.set(repository, settled);
  try {
    await mine;
  } finally {
    if (turns.get(repository) === settled) turns.delete(repository);
  }
}

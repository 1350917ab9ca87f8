import type { HostId } from '@sekisho/core/ids.ts';
import { canonicalName } from '@sekisho/core/rules/naming.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { PEER_DIRECTIONS } from '@sekisho/core/wire/names.ts';
import { hostId } from '@sekisho/core/wire/scalars.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isMissing } from '../settings.ts';
import type { NamedPeer } from './peer-decisions.ts';

/** Yeses that are kept for when the server is away; the oldest goes. */
export const STANDING_DECISIONS_MAX = 20_000;
/** The file is written as a whole. While it is short each change goes there at once; a long one is written for many new yeses together. */
export const STANDING_AT_ONCE_MAX = 1_000;
export const STANDING_WRITE_MS = 5 * SECOND_MS;

const standingFile = z.object({
  decisions: z
    .array(z.object({ name: z.string().max(600), hostId, direction: z.enum(PEER_DIRECTIONS) }))
    .max(STANDING_DECISIONS_MAX),
});
type Standing = Pick<NamedPeer, 'name' | 'hostId' | 'direction'>;

/**
 * T-33 The server's yeses about peers that the signed policy names by host ID, kept over restarts: while the server is away they hold
 * until the revocation list ends. What the policy no longer names does not count.
 */
export interface StandingDecisions {
  allow(peer: NamedPeer): void;
  drop(peer: Standing): void;
  /** Canonical names. */
  dropNames(names: ReadonlySet<string>): void;
  /** Those that there are. */
  all(): readonly Pick<NamedPeer, 'name' | 'hostId' | 'direction'>[];
  /** Is there one, whether it may be used now or not? */
  has(peer: Standing): boolean;
  holds(peer: Standing): boolean;
  /** Everything is on the disk. */
  settled(): Promise<void>;
}

export async function openStandingDecisions(options: {
  file: string;
  /** Does the signed policy name this peer by its ID? */
  isNamed: (peer: Standing) => boolean;
  /** The end of the revocation lists that this host holds; undefined: it holds none. */
  crlNextUpdateMs: () => number | undefined;
  clock: Clock;
  log: Log;
}): Promise<StandingDecisions> {
  const { file, clock, log } = options;
  const standing = new Map<string, Standing>();
  for (const one of await readStanding(file, log)) standing.set(keyOf(one), one);
  let writing: Promise<void> = Promise.resolve();
  let isDirty = false;
  let isLater = false;

  let cancelLater: () => void = () => undefined;

  /** A yes that is lost with the power is asked for again; a no is never late. */
  function added(): void {
    if (standing.size <= STANDING_AT_ONCE_MAX) changed();
    else if (!isLater) {
      isLater = true;
      const cancel = clock.timer(STANDING_WRITE_MS, changed);
      cancelLater = () => {
        isLater = false;
        cancel();
      };
    }
  }

  function changed(): void {
    cancelLater();
    if (isDirty) return;
    isDirty = true;
    writing = writing.then(async () => {
      isDirty = false;
      try {
        await writeDurably(file, JSON.stringify({ decisions: [...standing.values()] }));
      } catch (error) {
        log.warn({ err: error }, 'decisions about names could not be kept');
      }
    });
  }

  return {
    allow(peer) {
      const key = keyOf(peer);
      if (standing.has(key) || !options.isNamed(peer)) return;
      standing.set(key, { name: peer.name, hostId: peer.hostId, direction: peer.direction });
      const [oldest] = standing.keys();
      if (standing.size > STANDING_DECISIONS_MAX && oldest !== undefined) standing.delete(oldest);
      added();
    },
    drop(peer) {
      if (standing.delete(keyOf(peer))) changed();
    },
    dropNames(names) {
      if (names.size === 0) return;
      for (const [key, one] of standing)
        if (names.has(canonicalName(one.name)) && standing.delete(key)) changed();
    },
    all: () => [...standing.values()],
    has: (peer) => standing.has(keyOf(peer)),
    holds(peer) {
      const nextUpdateMs = options.crlNextUpdateMs();
      if (nextUpdateMs === undefined || clock.nowMs() >= nextUpdateMs) return false;
      return standing.has(keyOf(peer)) && options.isNamed(peer);
    },
    settled() {
      if (isLater) changed();
      return writing;
    },
  };
}

async function readStanding(file: string, log: Log): Promise<readonly Standing[]> {
  try {
    return standingFile.parse(JSON.parse(await readFile(file, 'utf8'))).decisions;
  } catch (error) {
    if (!isMissing(error)) log.warn({ err: error, file }, 'kept decisions about names are not readable');
    return [];
  }
}

const keyOf = ({
  name,
  hostId: id,
  direction,
}: {
  name: string;
  hostId: HostId;
  direction: string;
}): string => `${direction} ${canonicalName(name)} ${id}`;

/** An agent's memory of who may go by which name, alone in a process of its own. */
import {
  createPeerDecisions,
  type NamedPeer,
  type PeerDecisions,
} from '@sekisho/agent/names/peer-decisions.ts';
import { createClient } from '@sekisho/core/wire/client.ts';
import { askPeers } from '@sekisho/core/wire/names.ts';
import { hostId } from '@sekisho/core/wire/scalars.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { hash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { serve } from '../harness/child.ts';
import { perCpuSecond } from '../harness/rates.ts';

/** Peers that come one after the other: no two the same. */
const peers: NamedPeer[] = [];
const ASKED_AT_ONCE = 500;
const HASHED_BYTES = 64;
let decisions: PeerDecisions | undefined;
const slice = z.object({ durationMs: z.number() });

/** A management server that knows everybody. */
const call = createClient(({ body }) => {
  const { questions } = askPeers.body.parse(JSON.parse(body ?? ''));
  const answers = questions.map(() => ({ allow: true, cacheSeconds: 300 }));
  return Promise.resolve({ status: 200, body: JSON.stringify({ generation: 1, answers }) });
});

serve({
  /** Asks about so many peers once. */
  prepare: async (input) => {
    const { count } = z.object({ count: z.int() }).parse(input);
    const asked = createPeerDecisions({
      server: { call },
      standing: {
        allow: () => undefined,
        drop: () => undefined,
        dropNames: () => undefined,
        all: () => [],
        has: () => false,
        holds: () => false,
        settled: () => Promise.resolve(),
      },
      clock: systemClock,
      log: silentLog(),
      onChanged: () => undefined,
    });
    for (let n = 0; n < count; n += 1)
      peers.push({
        name: `host-${n}.bench.example`,
        hostId: hostId.parse(randomUUID()),
        direction: n % 2 === 0 ? 'accepted' : 'dialled',
      });
    for (let from = 0; from < count; from += ASKED_AT_ONCE)
      await Promise.all(peers.slice(from, from + ASKED_AT_ONCE).map((peer) => asked.require(peer)));
    decisions = asked;
    return asked.size;
  },
  /** T-31 Decisions for each second of CPU, as each connection and each request makes one. */
  decide: (input) =>
    perCpuSecond(slice.parse(input).durationMs, (n) => {
      const peer = peers[n % peers.length];
      if (peer === undefined || decisions?.known(peer) !== true) throw new Error('there was no decision');
    }),
  /** What to compare with: SHA-256 of 64 bytes. */
  hash: (input) => {
    const data = Buffer.alloc(HASHED_BYTES, 7);
    return perCpuSecond(slice.parse(input).durationMs, () => hash('sha256', data, 'buffer'));
  },
});

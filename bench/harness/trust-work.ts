import { hostId, sha256Hex } from '@sekisho/core/wire/scalars.ts';
import { PEER_QUESTIONS_MAX } from '@sekisho/core/limits.ts';
import type { PeerQuestion } from '@sekisho/core/wire/names.ts';
import { buildCrlAside, CrlThread } from '@sekisho/server/features/revocation/build-crl-aside.ts';
import { REVOKED_PER_PAGE_MAX } from '@sekisho/server/features/revocation/crl.store.ts';
import { OcspResponder } from '@sekisho/server/features/revocation/ocsp-responder.ts';
import type { RunningServer } from '@sekisho/server/main.ts';
import { ocspRefusal } from '@sekisho/pki/ocsp-response.ts';
import { signCrlTbs } from '@sekisho/pki/sign-crl.ts';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { ocspRequestOf } from './ocsp-request-of.ts';
import { perCpuSecond, perCpuSecondAsync } from './rates.ts';
import { StallProbe } from './stall-probe.ts';

const slice = z.object({ durationMs: z.number() });
const ocspSlice = slice.extend({ nonce: z.boolean() });
const listWish = z.object({ entries: z.int() });

/** Answers that are worked on at once. */
const AT_ONCE = 16;
/** Questions come from so many addresses: each has a limit of its own. */
const ADDRESSES = 5_000;
/** Requests that are made before anything is measured. */
const REQUESTS = 4_000;
const NONCE_BYTES = 16;
/** What an answer signs is about as long. */
const SIGNED_BYTES = 220;
/** An answer with the responder's certificate is about as long. */
const ANSWER = Buffer.alloc(800, 7);
const DAY_MS = 86_400_000;

/** What the measured server does for the figures about trust, asked for by name from the parent. */
export function trustWork(running: () => RunningServer): Record<string, (input: unknown) => unknown> {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = Buffer.alloc(SIGNED_BYTES, 7);
  let questions: PeerQuestion[] = [];
  let responder: OcspResponder | undefined;
  const requests = new Map<boolean, Uint8Array[]>();
  return {
    socketPath: () => running().socketPath,
    httpPort: () => running().ports.http,
    /** Reads who is there, and makes the questions that are asked; the OCSP requests, for those who ask over the network. */
    prepareTrust: async () => {
      const { context } = running();
      const rows = await context.store.db
        .selectFrom('host_names')
        .innerJoin('certificates', 'certificates.host_id', 'host_names.host_id')
        .select(['host_names.name', 'host_names.host_id', 'certificates.fingerprint', 'certificates.serial'])
        .where('host_names.kind', '=', 'primary')
        .where('certificates.revoked_at_ms', 'is', null)
        .execute();
      questions = rows.map((row) => ({
        name: row.name,
        hostId: hostId.parse(row.host_id),
        fingerprint: sha256Hex.parse(row.fingerprint),
        direction: 'accepted',
      }));
      const issuer = context.keys.certificateOf('issuing');
      const serialAt = (n: number): string => rows[n % rows.length]?.serial ?? '';
      requests.set(
        false,
        rows.map(({ serial }) => ocspRequestOf(issuer, serial)),
      );
      requests.set(
        true,
        Array.from({ length: REQUESTS }, (_, n) =>
          ocspRequestOf(issuer, serialAt(n), randomBytes(NONCE_BYTES)),
        ),
      );
      responder = new OcspResponder(context);
      return { plain: requests.get(false), nonced: requests.get(true) };
    },
    /** T-31 Decisions for each second of CPU, from the desk that answers agents, in requests that are full. */
    decide: async (input) => {
      const { names, domain } = running().context;
      const asker = { hostId: domain.serverHostId, address: '127.0.0.1' };
      const perSecond = await perCpuSecondAsync({ ...slice.parse(input), atOnce: 1 }, async (n) => {
        const from = (n * PEER_QUESTIONS_MAX) % Math.max(1, questions.length - PEER_QUESTIONS_MAX + 1);
        const answers = await names.answer(asker, questions.slice(from, from + PEER_QUESTIONS_MAX));
        if (!answers.every(({ allow }) => allow)) throw new Error('a host may not go by its own name');
      });
      return perSecond * PEER_QUESTIONS_MAX;
    },
    /** The floor of an OCSP answer: one signature. */
    sign: (input) => perCpuSecond(slice.parse(input).durationMs, () => sign('sha256', data, keys.privateKey)),
    /** T-41 Answers for each second of CPU, from the responder itself. */
    answerOcsp: async (input) => {
      const { durationMs, nonce } = ocspSlice.parse(input);
      const asked = requests.get(nonce) ?? [];
      return perCpuSecondAsync({ durationMs, atOnce: AT_ONCE }, async (n) => {
        const request = asked[n % asked.length];
        if (request === undefined || responder === undefined) throw new Error('nothing was prepared');
        const { der } = await responder.answer(request, `10.0.${n % (ADDRESSES / 250)}.${n % 250}`);
        if (der.length <= ocspRefusal('tryLater').length) throw new Error('it was refused');
      });
    },
    /** What any answer over HTTP costs: `node:http` that reads a request and gives back as many bytes. */
    startBareHttp: async () => {
      const bare = createServer((request, response) => {
        request.on('data', () => undefined);
        request.on('end', () => {
          response.writeHead(200, {
            'content-type': 'application/ocsp-response',
            'content-length': ANSWER.length,
          });
          response.end(ANSWER);
        });
      });
      await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
      return (bare.address() as AddressInfo).port;
    },
    /** Signs the lists of all shards, as after a revocation in each; how long it took, and how long the loop stood still. */
    signLists: async () => {
      const { store, crlSigner } = running().context;
      await store.db
        .updateTable('crl_shards')
        .set((row) => ({ revision: row('revision', '+', 1) }))
        .where('shard', '>', 0)
        .execute();
      const probe = new StallProbe();
      const startedMs = performance.now();
      const lists = await crlSigner.signDue();
      return { lists, tookMs: performance.now() - startedMs, stallMs: probe.end() };
    },
    /** Builds, lints and signs one list of so many entries, out of memory. */
    signOneList: async (input) => {
      const { entries } = listWish.parse(input);
      const { keys: store } = running().context;
      const issuer = { certificate: store.certificateOf('issuing'), signer: store.signerFor('issuing') };
      const nowMs = Date.now();
      const probe = new StallProbe();
      const startedMs = performance.now();
      const thread = new CrlThread();
      const { tbsDer } = await buildCrlAside(thread, issuer.certificate, pagesOf(entries, nowMs), () => ({
        algorithm: issuer.signer.algorithm,
        number: 1,
        scope: { uris: ['http://127.0.0.1/crl/1.crl'], onlyUserCertificates: true },
        thisUpdateMs: nowMs,
        nextUpdateMs: nowMs + 7 * DAY_MS,
      }));
      const { length } = await signCrlTbs(issuer, tbsDer);
      await thread.stop();
      return { bytes: length, tookMs: performance.now() - startedMs, stallMs: probe.end() };
    },
  };
}

async function* pagesOf(entries: number, nowMs: number) {
  for (let from = 0; from < entries; from += REVOKED_PER_PAGE_MAX) {
    yield Array.from({ length: Math.min(REVOKED_PER_PAGE_MAX, entries - from) }, (_, n) => ({
      serial: `01${(from + n).toString(16).padStart(30, '0')}`,
      revokedAtMs: nowMs - DAY_MS,
      reason: 'keyCompromise' as const,
    }));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

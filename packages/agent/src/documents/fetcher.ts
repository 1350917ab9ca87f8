import { AppError } from '@sekisho/core/errors.ts';
import { CRL_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { getDocument, type Fetchable } from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { HealthBoard } from '../health.ts';
import { refusalOf, sendRequest } from '../net/http-request.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { CrlStore } from '../revocation/crl-store.ts';
import type { Spool } from '../spool/spool.ts';
import type { DocumentStore, KeptDocument } from './document-store.ts';

/** Fetches what a server says is new, one at a time, and hands on what was adopted. */
export interface Fetcher {
  /** Adds to what is to be fetched; several wishes for the same become one. */
  request(what: readonly Fetchable[]): void;
  /** Resolves when nothing is left to fetch. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const CRL_TIMEOUT_MS = 60_000;

export function startFetcher(options: {
  documents: DocumentStore;
  crls: CrlStore;
  server: ServerConnection;
  spool: Spool;
  health: HealthBoard;
  onAdopted: (what: KeptDocument | 'crl') => void;
  onRenewalAsked: () => void;
  clock: Clock;
  random: Random;
  log: Log;
}): Fetcher {
  const { documents, crls, server, spool, health, clock, random, log } = options;
  const wanted = new Set<Fetchable>();
  /** What was refused last, so that the same document is told once. */
  const refused = new Map<KeptDocument, string>();
  let stopped = false;
  let running: Promise<void> | undefined;

  async function fetchDocument(type: KeptDocument): Promise<void> {
    const { jws } = await server.call(getDocument, { params: { type } });
    try {
      const adoption = await documents.offer(type, jws);
      if (adoption === 'fork') {
        await tell(type, 'document-fork', { type, serial: documents.serial(type) });
        return;
      }
      refused.delete(type);
      health.set('document-refused', refused.size > 0, [...refused.keys()].join(' '));
      health.set('document-damaged', documents.damaged.size > 0, [...documents.damaged].join(' '));
      if (adoption !== 'adopt') return;
      log.info({ type, serial: documents.serial(type) }, 'document adopted');
      options.onAdopted(type);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      await tell(type, 'document-refused', { type, code: error.code });
    }
  }

  /** F-04: what is refused is reported, and what is held stays in use. */
  async function tell(
    type: KeptDocument,
    event: 'document-refused' | 'document-fork',
    detail: Record<string, string | number>,
  ): Promise<void> {
    const text = `${event} ${JSON.stringify(detail)}`;
    if (refused.get(type) === text) return;
    refused.set(type, text);
    health.set('document-refused', true, [...refused.keys()].join(' '));
    log.warn({ event, ...detail }, 'a document was refused');
    await spool.put({ kind: 'event', spoolId: random.uuid(), event, atMs: clock.nowMs(), detail });
  }

  /** Over plain HTTP: a CRL is signed, and must be had also by who is refused elsewhere. */
  async function fetchCrls(): Promise<void> {
    const bundle = documents.held('bundle')?.payload;
    const target = server.server;
    if (bundle === undefined || target === undefined) return;
    let changed = false;
    for (const { path } of bundle.crls) {
      try {
        changed = (await fetchCrl(target.address, bundle.httpPort, path)) || changed;
      } catch (error) {
        log.warn({ err: error, path }, 'a CRL was not taken');
      }
    }
    if (changed) {
      log.info({ number: crls.number }, 'CRL taken');
      options.onAdopted('crl');
    }
  }

  async function fetchCrl(host: string, port: number, path: string): Promise<boolean> {
    const reply = await sendRequest(
      { host, port },
      { method: 'GET', path, timeoutMs: CRL_TIMEOUT_MS, replyBytesMax: CRL_BYTES_MAX },
    );
    if (reply.status !== 200) throw refusalOf(`${host}:${port}`, reply);
    return crls.offer(reply.body);
  }

  async function drain(): Promise<void> {
    for (let next = first(wanted); next !== undefined && !stopped; next = first(wanted)) {
      wanted.delete(next);
      try {
        if (next === 'certificate') options.onRenewalAsked();
        else if (next === 'crl') await fetchCrls();
        else await fetchDocument(next);
      } catch (error) {
        // The next heartbeat asks again.
        log.warn({ err: error, what: next }, 'could not be fetched');
      }
    }
  }

  return {
    request(what) {
      for (const one of what) wanted.add(one);
      if (running !== undefined || stopped) return;
      running = drain().finally(() => {
        running = undefined;
        if (wanted.size > 0) this.request([]);
      });
    },
    async settled() {
      while (running !== undefined) await running;
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** The bundle first: what else is new may need its anchors. */
function first(wanted: ReadonlySet<Fetchable>): Fetchable | undefined {
  return ORDER.find((one) => wanted.has(one));
}
const ORDER: readonly Fetchable[] = ['bundle', 'list', 'crl', 'assignment', 'policy', 'certificate'];

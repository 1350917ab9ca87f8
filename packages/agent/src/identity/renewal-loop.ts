import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId } from '@sekisho/core/ids.ts';
import { nextRenewalStep, renewalJitter } from '@sekisho/core/rules/renewal.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import type { KeyAlgorithm } from '@sekisho/pki/keys.ts';
import type { DataFolder } from '../data-folder.ts';
import type { DocumentStore } from '../documents/document-store.ts';
import type { HealthBoard } from '../health.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import { checkIssued } from './check-reply.ts';
import { installStaged, namesOf, stageRequest, type Identity } from './identity-store.ts';

/** A clock that was set is noticed within this. */
const LOOK_EVERY_MS = HOUR_MS;
const EXPIRING_MS = 7 * DAY_MS;
/** A server that goes on asking gets a new certificate no more often than this. */
const ASKED_EVERY_MS = MINUTE_MS;

export interface RenewalLoop {
  /** Renews now, whatever the dates; resolves with the new identity, or rejects with why not. */
  renewNow(): Promise<Identity>;
  /** The server says so: renew soon, and don't wait for it. */
  ask(): void;
  /** What decides when it is renewed has changed: think again. */
  look(): void;
  stop(): Promise<void>;
}

/** T-04: renews by itself at two thirds of the lifetime, with a new key, and without losing a connection. */
export function startRenewalLoop(options: {
  folder: DataFolder;
  domainId: DomainId;
  documents: DocumentStore;
  server: ServerConnection;
  identity: () => Identity;
  wantsMedia: () => boolean;
  keyAlgorithm: KeyAlgorithm;
  onRenewed: (identity: Identity) => Promise<void>;
  /** T-09 An attempt by the loop failed, with that code; told once for each certificate and code. */
  onFailed: (code: string) => void;
  /** T-09 When the server wants that certificate renewed, if it said so. */
  renewAtMs: (fingerprint: string) => number | undefined;
  health: HealthBoard;
  clock: Clock;
  log: Log;
}): RenewalLoop {
  const { folder, documents, server, health, clock, log } = options;
  const stopping = new AbortController();
  let wake = new AbortController();
  let forced = false;
  let renewedAtMs = -Infinity;
  let failures = 0;
  let lastAttemptMs: number | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  async function renew(): Promise<Identity> {
    const { certificate, hostId } = options.identity();
    const serverAuth = options.wantsMedia();
    const request = await stageRequest(folder, namesOf(certificate, serverAuth), options.keyAlgorithm);
    const issued = await server.reenroll(request.csr.der);
    const { chain } = checkIssued(issued, {
      keyId: request.keyId,
      anchors: documents.anchors,
      intermediates: documents.intermediates,
      domainId: options.domainId,
      hostId,
      nowMs: clock.nowMs(),
    });
    const identity = await installStaged(folder, chain);
    log.info({ fingerprint: identity.certificate.fingerprint }, 'certificate renewed');
    await options.onRenewed(identity);
    return identity;
  }

  /** One at a time: a second wish waits, and renews again. */
  function attempt(): Promise<Identity> {
    const result = turn.then(async () => {
      lastAttemptMs = clock.nowMs();
      try {
        const identity = await renew();
        failures = 0;
        forced = false;
        renewedAtMs = clock.monotonicMs();
        lastAttemptMs = undefined;
        return identity;
      } catch (error) {
        failures += 1;
        throw error;
      } finally {
        health.set('renewal-failing', failures > 0, `${failures}`);
      }
    });
    turn = result.catch(() => undefined);
    return result;
  }

  function look() {
    const { certificate } = options.identity();
    const nowMs = clock.nowMs();
    // set back since, which may be what it failed for: the next attempt does not wait until the clock has caught up
    if (lastAttemptMs !== undefined) lastAttemptMs = Math.min(lastAttemptMs, nowMs);
    const { notBeforeMs, notAfterMs } = certificate;
    health.set('certificate-expired', nowMs >= notAfterMs);
    health.set(
      'certificate-expiring',
      nowMs < notAfterMs && nowMs > notAfterMs - Math.min(EXPIRING_MS, (notAfterMs - notBeforeMs) / 6),
    );
    const jitter = renewalJitter(certificate.fingerprint);
    const renewAtMs = options.renewAtMs(certificate.fingerprint);
    return nextRenewalStep({
      notBeforeMs,
      notAfterMs,
      jitter,
      renewAtMs,
      failures,
      lastAttemptMs,
      forced,
      nowMs,
    });
  }

  /** F-37 The CA of the certificate is given up: one of a minute ago may have to follow the next change too. */
  function issuerLeaves(): boolean {
    const bundle = documents.held('bundle')?.payload;
    if (bundle === undefined) return false;
    const issuer = issuerOf(options.identity().certificate, documents.intermediates);
    const root = issuer && issuerOf(issuer, documents.anchors);
    const state = bundle.anchors.find(({ fingerprint }) => fingerprint === root?.fingerprint)?.state;
    return state !== 'active';
  }

  const told = new Set<string>();
  function tell(error: unknown): void {
    const code = error instanceof AppError ? error.code : 'INTERNAL';
    const once = `${options.identity().certificate.fingerprint} ${code}`;
    if (told.has(once)) return;
    told.add(once);
    options.onFailed(code);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      const step = look();
      let waitMs = LOOK_EVERY_MS;
      if (step.state === 'renew') {
        try {
          await attempt();
          continue;
        } catch (error) {
          log.warn({ err: error, failures }, 'the certificate could not be renewed');
          tell(error);
          waitMs = 1;
        }
      } else if (step.state === 'wait')
        waitMs = Math.min(Math.max(step.untilMs - clock.nowMs(), 1), LOOK_EVERY_MS);
      else log.error('the certificate has expired: a reissue token is needed');
      await clock.sleep(waitMs, AbortSignal.any([stopping.signal, wake.signal]));
    }
  }
  const running = run();

  return {
    renewNow() {
      if (stopping.signal.aborted) return Promise.reject(new AppError('SERVER_STOPPING'));
      return attempt();
    },
    ask() {
      if (clock.monotonicMs() - renewedAtMs < ASKED_EVERY_MS && !issuerLeaves()) return;
      forced = true;
      wake.abort();
    },
    look() {
      wake.abort();
    },
    async stop() {
      stopping.abort();
      await running;
      await turn;
    },
  };
}

/** By its name: each CA has one of its own. */
const issuerOf = (certificate: Certificate, among: readonly Certificate[]): Certificate | undefined =>
  among.find(({ subjectDer }) => Buffer.compare(subjectDer, certificate.issuerDer) === 0);

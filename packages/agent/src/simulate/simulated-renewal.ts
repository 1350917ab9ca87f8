import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId } from '@sekisho/core/ids.ts';
import { nextRenewalStep, renewalJitter } from '@sekisho/core/rules/renewal.ts';
import { HOUR_MS, type Clock } from '@sekisho/core/time.ts';
import type { RenewalInformation } from '@sekisho/core/wire/agent.ts';
import { chainToPem } from '@sekisho/pki/certificate.ts';
import { createCertificateRequest } from '@sekisho/pki/csr.ts';
import { generatePrivateKey, keyIdOfSpki, privateKeyToPem, spkiOf } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import type { DocumentStore } from '../documents/document-store.ts';
import { checkIssued } from '../identity/check-reply.ts';
import { namesOf, type Identity } from '../identity/identity-store.ts';
import type { ServerConnection } from '../net/server-connection.ts';

/** T-04, T-09 The renewal of a simulated agent: the rule and the request of a real one, its key in memory. */
export interface SimulatedRenewal {
  /** What the server says of its renewal. */
  take(said: RenewalInformation | null | undefined): void;
  /** The server says: renew now. */
  ask(): void;
  stop(): Promise<void>;
}

export function startSimulatedRenewal(options: {
  server: Pick<ServerConnection, 'reenroll'>;
  documents: Pick<DocumentStore, 'anchors' | 'intermediates'>;
  domainId: DomainId;
  identity: () => Identity;
  onRenewed: (identity: Identity) => void;
  onFailed: (code: string) => void;
  clock: Clock;
}): SimulatedRenewal {
  const { server, documents, clock } = options;
  let said: RenewalInformation | undefined;
  let forced = false;
  let failures = 0;
  let lastAttemptMs: number | undefined;
  let stopped = false;
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;

  /** A timer is set only for what comes within the hour: ten thousand agents look again then. */
  function look(): void {
    cancel?.();
    if (stopped || running !== undefined) return;
    const { certificate } = options.identity();
    const { fingerprint, notBeforeMs, notAfterMs } = certificate;
    const nowMs = clock.nowMs();
    const step = nextRenewalStep({
      notBeforeMs,
      notAfterMs,
      jitter: renewalJitter(fingerprint),
      renewAtMs: said?.fingerprint === fingerprint ? said.renewAtMs : undefined,
      failures,
      lastAttemptMs,
      forced,
      nowMs,
    });
    if (step.state === 'renew') {
      running = attempt().finally(() => {
        running = undefined;
        look();
      });
      return;
    }
    const waitMs = step.state === 'wait' ? Math.max(step.untilMs - nowMs, 1) : HOUR_MS;
    cancel = clock.timer(Math.min(waitMs, HOUR_MS), look);
  }

  async function attempt(): Promise<void> {
    lastAttemptMs = clock.nowMs();
    try {
      const next = await renew();
      failures = 0;
      forced = false;
      lastAttemptMs = undefined;
      options.onRenewed(next);
    } catch (error) {
      failures += 1;
      if (failures === 1) options.onFailed(error instanceof AppError ? error.code : 'INTERNAL');
    }
  }

  async function renew(): Promise<Identity> {
    const { certificate, hostId } = options.identity();
    const key = await generatePrivateKey('p256');
    const { commonName, dns, ips, uris } = namesOf(certificate, false);
    const csrDer = await createCertificateRequest({
      signer: fileSigner(key),
      commonName,
      dns: [...dns],
      ips: [...ips],
      uris: [...uris],
      serverAuth: false,
    });
    const { chain } = checkIssued(await server.reenroll(csrDer), {
      keyId: keyIdOfSpki(spkiOf(key)),
      anchors: documents.anchors,
      intermediates: documents.intermediates,
      domainId: options.domainId,
      hostId,
      nowMs: clock.nowMs(),
    });
    const [leaf] = chain;
    if (leaf === undefined) throw new AppError('CERTIFICATE_REPLY_WRONG', { detail: 'empty' });
    return { hostId, keyPem: privateKeyToPem(key), chainPem: chainToPem(chain), certificate: leaf };
  }

  look();
  return {
    take(next) {
      if (next?.fingerprint === said?.fingerprint && next?.renewAtMs === said?.renewAtMs) return;
      said = next ?? undefined;
      look();
    },
    ask() {
      forced = true;
      look();
    },
    async stop() {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}

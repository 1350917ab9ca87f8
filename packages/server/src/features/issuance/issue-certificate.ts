import { legacyAmong } from '../legacy/legacy-rows.ts';
import { AppError, type ErrorCode, type ErrorParams } from '@sekisho/core/errors.ts';
import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import {
  decideIssuance,
  judgeNames,
  requestedName,
  type EnrolContext,
  type HostFacts,
  type IssuanceContext,
  type IssuanceDecision,
  type RequestFacts,
} from '@sekisho/core/rules/issuance.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import { isRevokedAt } from '@sekisho/core/rules/revocation.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import type { CertificateRequest } from '@sekisho/pki/csr.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import type { ServerContext } from '../../context.ts';
import type { PeerIdentity } from '../../http/peer.ts';
import { recordChange } from '../../store/record-change.ts';
import { isUniqueViolation } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit, recordRepeatedRefusal } from '../audit/record-audit.ts';
import { findCertificate, newestCertificates, readCertificateDer } from '../certificates/certificate-rows.ts';
import { findHost, findHostByName, namesOfHosts, ownersOfNames, type HostRow } from '../hosts/host-rows.ts';
import { knownAmong } from '../hosts/known-hosts.ts';
import { findTokenBySecret, spendToken, type TokenRow } from '../tokens/token-rows.ts';
import { forwardRecordsMatch } from './forward-records.ts';
import {
  findIntention,
  insertIntention,
  renewalKey,
  retireRequestKey,
  type Intention,
} from './intentions.store.ts';
import { refuseReplaced, signIntention } from './sign-intention.ts';
import { timeOrderedId, timeOrderedSerial } from './time-ordered-id.ts';

/** Without a token the same request gets the same answer for this long. */
export const REPEATABLE_MS = DAY_MS;

/** Who asks, and with what. */
export type IssuanceRequest =
  | {
      readonly kind: 'enrol';
      readonly csr: CertificateRequest;
      readonly token: Secret | undefined;
      readonly remoteAddress: string | undefined;
      /** T-61 The media server through whose tunnel it came. */
      readonly relay?: HostId | undefined;
      /** T-17 The administrator who has the request in hand and approves it. */
      readonly manual?: { readonly actor: string; readonly origin: string; readonly media: boolean };
    }
  | {
      readonly kind: 'renew';
      readonly csr: CertificateRequest;
      readonly peer: PeerIdentity;
      /** The certificate that the connection was made with. */
      readonly current: Certificate;
      readonly remoteAddress: string | undefined;
      readonly relay?: HostId | undefined;
    };

/**
 * Answers a certificate request: rule → intention and audit in one transaction → signature → result in another. The same
 * request within its validity gets the same certificate, also when the first answer was lost or the server was killed in
 * between. Refusals: those of `decideIssuance`, and ISSUANCE_WITHDRAWN, ISSUANCE_LINT_REFUSED.
 */
export async function issueCertificate(
  context: ServerContext,
  request: IssuanceRequest,
): Promise<Certificate> {
  const facts = requestFacts(request.csr);
  const forward = await askForwardRecords(context, request, facts);
  const outcome = await approve(context, request, facts, forward);
  if (outcome.kind === 'refused') {
    context.log.warn(
      { code: outcome.code, reason: outcome.reason, name: facts.name },
      'certificate request refused',
    );
    throw new AppError(outcome.code, outcome.params);
  }
  if (outcome.kind === 'repeated') return outcome.certificate;
  crashPoint('issuance.intention.committed');
  return signIntention(context, outcome.intention, request.csr.spkiDer);
}

type Outcome =
  | { kind: 'refused'; code: ErrorCode; params: ErrorParams; reason: string | undefined }
  | { kind: 'repeated'; certificate: Certificate }
  | { kind: 'approved'; intention: Intention };

async function approve(
  context: ServerContext,
  request: IssuanceRequest,
  facts: RequestFacts,
  forward: boolean | undefined,
): Promise<Outcome> {
  try {
    return await context.store.submit((tx) => decideAndRecord(tx, context, request, facts, forward));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    // the same request came twice at once: the other one has recorded it by now
    return context.store.submit((tx) => decideAndRecord(tx, context, request, facts, forward));
  }
}

async function decideAndRecord(
  tx: Tx,
  context: ServerContext,
  request: IssuanceRequest,
  facts: RequestFacts,
  forward: boolean | undefined,
): Promise<Outcome> {
  const nowMs = context.clock.nowMs();
  const address = canonicalIp(request.remoteAddress?.split('%')[0] ?? '') ?? 'unknown';
  const manual = request.kind === 'enrol' ? request.manual : undefined;
  const direct = manual?.origin ?? address;
  const origin = request.relay === undefined ? direct : `${direct} via ${request.relay}`;
  const token =
    request.kind === 'enrol' && request.token !== undefined
      ? { found: await findTokenBySecret(tx, request.token.reveal()) }
      : undefined;
  const requestKey = keyOf(request, facts, token?.found);
  const earlier = await findIntention(tx, requestKey);
  // through a tunnel nobody is answered without a token, not even again (T-61)
  const mayRepeat = request.kind === 'renew' || request.relay === undefined || token !== undefined;
  if (earlier !== undefined && mayRepeat) {
    const repeated = await repeat(tx, context, earlier, token?.found);
    if (repeated !== undefined) return repeated;
  }
  const { rule, host } = await gather(tx, context, request, facts, token, forward);
  const decision = decideIssuance(facts, rule, nowMs);
  if (!decision.allow) return refuse(tx, request, facts, decision, origin, nowMs);
  if (token?.found !== undefined) {
    if (!(await spendToken(tx, token.found.id))) {
      const usedUp = { allow: false, code: 'TOKEN_REFUSED', params: {}, adminReason: 'used-up' } as const;
      return refuse(tx, request, facts, usedUp, origin, nowMs);
    }
    await recordChange(tx, 'token', token.found.id);
  }
  if (earlier !== undefined) await retireRequestKey(tx, earlier);
  const intention: Intention = {
    id: timeOrderedId(context.random, nowMs),
    basis: decision.basis,
    hostId: decision.plan.hostId,
    tokenId: token?.found?.id ?? null,
    requestKey,
    createdAtMs: nowMs,
    fingerprint: null,
    finishedAtMs: null,
    failure: null,
    issuance: decision.plan,
    serialHex: timeOrderedSerial(context.random, nowMs),
    newHost: decision.newHost,
    replacesOld: decision.replacesOld,
    name: decision.newHost?.name ?? host?.name ?? facts.name,
    origin,
    repeatableUntilMs: token?.found?.expiresAtMs ?? null,
  };
  await insertIntention(tx, intention);
  const audit = {
    act: 'approve-certificate',
    actor: request.kind === 'renew' ? request.peer.hostId : (manual?.actor ?? intention.name),
    origin,
    subject: intention.hostId,
    outcome: 'done',
    detail: {
      basis: decision.basis,
      name: intention.name,
      tokenId: intention.tokenId,
      tokenName: token?.found?.name ?? null,
      media: decision.plan.media,
      namesNotGranted: decision.namesNotGranted,
      csr: request.csr.sha256,
    },
  } as const;
  await recordAudit(tx, audit, nowMs);
  crashPoint('issuance.intention.before-commit');
  return { kind: 'approved', intention };
}

/** The answer to a request that was made before: undefined when that one no longer counts. */
async function repeat(
  tx: Tx,
  { clock, keys }: ServerContext,
  earlier: Intention,
  token: TokenRow | undefined,
): Promise<Outcome | undefined> {
  const nowMs = clock.nowMs();
  if (earlier.failure !== null) return undefined;
  if (earlier.tokenId !== null) {
    if (token === undefined || token.deletedAtMs !== null || nowMs >= token.expiresAtMs) return undefined;
  } else if (earlier.basis !== 'certificate' && nowMs >= earlier.createdAtMs + REPEATABLE_MS)
    return undefined;
  if (earlier.finishedAtMs === null) return { kind: 'approved', intention: earlier };
  if (earlier.fingerprint === null) return undefined;
  const row = await findCertificate(tx, earlier.fingerprint);
  if (row === undefined || isRevokedAt(row, nowMs) || row.notAfterMs <= nowMs) return undefined;
  // F-37: who asks again after a change of the CA gets one of the CA of now
  if (row.issuerKeyId !== keys.certificateOf('issuing').keyId) return undefined;
  const der = await readCertificateDer(tx, earlier.fingerprint);
  return der === undefined ? undefined : { kind: 'repeated', certificate: parseCertificate(der) };
}

async function refuse(
  tx: Tx,
  request: IssuanceRequest,
  facts: RequestFacts,
  decision: IssuanceDecision & { allow: false },
  origin: string,
  nowMs: number,
): Promise<Outcome> {
  const audit = {
    act: decision.code === 'TOKEN_REFUSED' ? 'refuse-token' : 'refuse-certificate',
    actor: request.kind === 'renew' ? request.peer.hostId : (request.manual?.actor ?? 'anonymous'),
    origin,
    subject: facts.name,
    outcome: 'refused',
    detail: { code: decision.code, reason: decision.adminReason ?? null, csr: request.csr.sha256 },
  } as const;
  await recordRepeatedRefusal(tx, audit, nowMs);
  return { kind: 'refused', code: decision.code, params: decision.params, reason: decision.adminReason };
}

async function gather(
  tx: Tx,
  context: ServerContext,
  request: IssuanceRequest,
  facts: RequestFacts,
  token: { found: TokenRow | undefined } | undefined,
  forward: boolean | undefined,
): Promise<{ rule: IssuanceContext; host: HostFacts | undefined }> {
  const common = {
    domainId: context.domain.id,
    security: context.security.current(),
    issuerNotAfterMs: context.keys.certificateOf('issuing').notAfterMs,
  };
  if (request.kind === 'renew') {
    await refuseReplaced(tx, request.peer.fingerprint);
    const row = await findHost(tx, request.peer.hostId);
    if (row === undefined)
      throw new AppError('PEER_CERTIFICATE_UNKNOWN', { fingerprint: request.peer.fingerprint });
    const host = await hostFacts(tx, context, row);
    return {
      host,
      rule: { ...common, kind: 'renew', host, namesMatch: namesMatch(request.csr, request.current) },
    };
  }
  const row = await askedHost(tx, facts, token?.found);
  const host = row === undefined ? undefined : await hostFacts(tx, context, row);
  const judged = judgeNames(requestedName(facts, host));
  const names = judged.allow ? judged.names.map(({ name }) => name) : [];
  const newHostId = parseHostId(timeOrderedId(context.random, context.clock.nowMs()));
  if (newHostId === undefined) throw new Error('the random source draws no UUIDs');
  const rule: EnrolContext = {
    ...common,
    kind: 'enrol',
    newHostId,
    token,
    host,
    ...(names.length === 0 ? { owners: new Map() } : await ownersOfNames(tx, names)),
    known: names.length === 0 ? new Map() : await knownAmong(tx, names),
    forwardRecordsMatch: forward,
    isRelayed: request.relay !== undefined,
    manual: request.manual,
  };
  return { host, rule };
}

/** The host that a request is about: by its primary name, or by the reissue token when the CSR names the host ID. */
async function askedHost(
  tx: Tx,
  facts: RequestFacts,
  token: TokenRow | undefined,
): Promise<HostRow | undefined> {
  const id = parseHostId(facts.name);
  if (id !== undefined) return token?.hostId === id ? findHost(tx, id) : undefined;
  const judged = judgeNames({ ...facts, furtherNames: [] });
  return judged.allow ? findHostByName(tx, judged.names[0].name) : undefined;
}

async function hostFacts(tx: Tx, context: ServerContext, row: HostRow): Promise<HostFacts> {
  const names = (await namesOfHosts(tx, [row.id])).get(row.id) ?? [row.name];
  const newest = (await newestCertificates(tx, [row.id])).get(row.id);
  return {
    id: row.id,
    name: row.name,
    names,
    media: row.mediaSinceMs !== null,
    reissueUntilMs: row.reissueUntilMs,
    revoked: newest !== undefined && newest.revokedAtMs !== null,
    isServer: row.id === context.domain.serverHostId,
    isLegacy: newest === undefined && (await legacyAmong(tx, [row.id])).has(row.id),
  };
}

function requestFacts(csr: CertificateRequest): RequestFacts {
  const names = [...csr.dns, ...csr.ips];
  return {
    name: csr.commonName ?? names[0] ?? '',
    furtherNames: names,
    uris: csr.uris,
    wantsMedia: csr.wantsServerAuth,
  };
}

/** T-12: asked only where it decides, and outside any transaction. */
async function askForwardRecords(
  context: ServerContext,
  request: IssuanceRequest,
  facts: RequestFacts,
): Promise<boolean | undefined> {
  const { level, requireForwardRecords } = context.security.current();
  if (request.kind !== 'enrol' || request.token !== undefined || request.manual !== undefined)
    return undefined;
  if (level !== 'medium' || !requireForwardRecords) return undefined;
  const judged = judgeNames(facts);
  if (!judged.allow) return undefined;
  return forwardRecordsMatch(
    judged.names.map(({ name }) => name),
    request.remoteAddress,
    context.resolve,
  );
}

/** What makes two requests the same: who vouches for it, and the CSR (T-14). */
function keyOf(request: IssuanceRequest, facts: RequestFacts, token: TokenRow | undefined): string {
  const csr = request.csr.sha256;
  if (request.kind === 'renew') return renewalKey(request.peer.fingerprint, csr);
  if (token !== undefined) return `token:${token.id}:${csr}`;
  return `name:${facts.name.slice(0, 300).toLowerCase()}:${csr}`;
}

const EMPTY_NAME_BYTES = 2;

/** RFC 7030 §4.2.2: subject and SAN of a renewal are those of the certificate, or are left out. */
export function namesMatch(csr: CertificateRequest, current: Certificate): boolean {
  const subjectFits =
    csr.subjectDer.length <= EMPTY_NAME_BYTES ||
    (csr.subjectDer.length === current.subjectDer.length && csr.commonName === current.subjectCn);
  const asked = [...csr.uris, ...csr.dns.map((name) => name.toLowerCase()), ...csr.ips].sort();
  const held = [
    ...current.san.uris,
    ...current.san.dns.map((name) => name.toLowerCase()),
    ...current.san.ips,
  ].sort();
  return subjectFits && (asked.length === 0 || asked.join('\n') === held.join('\n'));
}

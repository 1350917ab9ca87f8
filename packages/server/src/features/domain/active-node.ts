import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId, type DomainId, type GroupId, type Sha256Hex } from '@sekisho/core/ids.ts';
import { CLUSTER_NODES_MAX } from '@sekisho/core/limits.ts';
import { decideIssuance } from '@sekisho/core/rules/issuance.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import type { Random } from '@sekisho/core/time.ts';
import type { ManualAnswer } from '@sekisho/core/wire/manual.ts';
import type { CertificateRequest } from '@sekisho/pki/csr.ts';
import { issueHostCertificate } from '@sekisho/pki/issue.ts';
import { base64 } from '@sekisho/pki/pem.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import {
  insertCertificate,
  newestCertificates,
  readCertificateDer,
} from '../certificates/certificate-rows.ts';
import { insertCluster } from '../clusters/cluster-rows.ts';
import { latestJws } from '../documents/document-service.ts';
import { createHost, findHostByName } from '../hosts/host-rows.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { openShard } from '../revocation/crl-shards.ts';
import type { openDueShards } from '../revocation/open-shard.ts';
import { SECURITY_DEFAULTS } from '../security/security-defaults.ts';
import { findDefaultList } from './default-list.ts';

/** The cluster on which a management server is installed, as the node sees it that has the virtual name now (T-20). */
export interface ActiveNode {
  readonly virtualName: string;
  /** Own names of the nodes; the first is this machine's. */
  readonly nodes: readonly [string, ...string[]];
  /** Makes this machine's key, where it stays, and the request; the same again when it was made before. */
  request(): Promise<CertificateRequest>;
  /** Deploys the certificate on this machine; the same again changes nothing. */
  install(answer: ManualAnswer, caFingerprint: Sha256Hex): Promise<void>;
}

/** The cluster's names in canonical form. Refusals: HOST_NAME_…, CLUSTER_NAME_OF_HOST, CLUSTER_NODES_TOO_MANY. */
export function judgeCluster({ virtualName, nodes }: Pick<ActiveNode, 'virtualName' | 'nodes'>): {
  name: string;
  own: string;
  nodes: readonly string[];
} {
  const [name, own, ...others] = [virtualName, ...nodes].map((raw) => {
    const judged = judgeName(raw);
    if (!judged.allow) throw new AppError(judged.code, judged.params);
    return judged.name;
  });
  if (name === undefined || own === undefined) throw new Error('a cluster has a name and a node');
  const all = [...new Set([own, ...others])];
  if (all.includes(name)) throw new AppError('CLUSTER_NAME_OF_HOST', { name });
  if (all.length > CLUSTER_NODES_MAX)
    throw new AppError('CLUSTER_NODES_TOO_MANY', { limit: CLUSTER_NODES_MAX });
  return { name, own, nodes: all };
}

/**
 * In the transaction that creates the domain: the cluster, and this node as a host with its certificate, which carries the virtual name.
 * It is a host like any other: what it loses later it gets back with a reissue token.
 */
export async function enrolActiveNode(
  tx: Tx,
  parts: {
    keys: KeyStore;
    shards: Awaited<ReturnType<typeof openDueShards>>;
    random: Random;
    domainId: DomainId;
    groupId: GroupId;
  },
  wish: { cluster: ReturnType<typeof judgeCluster>; csr: CertificateRequest },
  nowMs: number,
): Promise<void> {
  const { keys, random, domainId, groupId } = parts;
  const { name, own, nodes } = wish.cluster;
  const certificate = keys.certificateOf('issuing');
  const newHostId = parseHostId(random.uuid());
  const row = parts.shards.find(
    ({ issuerKeyId, shard, closedAtMs }) =>
      issuerKeyId === certificate.keyId && shard > 0 && closedAtMs === null,
  );
  if (newHostId === undefined || row === undefined) throw new Error('the active node could not be enrolled');
  const facts = { name: own, furtherNames: [name], uris: [], wantsMedia: false };
  const issuerNotAfterMs = certificate.notAfterMs;
  const decision = decideIssuance(
    facts,
    { kind: 'birth', newHostId, domainId, security: SECURITY_DEFAULTS, issuerNotAfterMs },
    nowMs,
  );
  if (!decision.allow) throw new AppError(decision.code, decision.params);
  const { shard, crlUrls, ocspUrls } = openShard(row.shard, row.uris);
  const issued = await issueHostCertificate({
    plan: decision.plan,
    spkiDer: wish.csr.spkiDer,
    issuer: { certificate, signer: keys.signerFor('issuing') },
    serial: random.bytes(SERIAL_BYTES),
    crlUrls,
    ocspUrls,
  });
  await createHost(tx, { id: newHostId, name: own, names: [own, name], groupId, media: false }, nowMs);
  const intentionId = random.uuid();
  await tx
    .insertInto('intentions')
    .values({
      id: intentionId,
      kind: 'birth',
      host_id: newHostId,
      token_id: null,
      request_key: `birth:${newHostId}`,
      plan: '{}',
      created_at_ms: nowMs,
      fingerprint: issued.fingerprint,
      finished_at_ms: nowMs,
      failure: null,
    })
    .execute();
  const origin = { issuerKeyId: certificate.keyId, hostId: newHostId, intentionId, replaces: null };
  await insertCertificate(tx, { certificate: issued, ...origin, crlShard: shard, nowMs });
  await insertCluster(tx, { name, nodes: [...nodes].sort(), createdAtMs: nowMs, createdBy: 'local' });
  await recordChange(tx, 'cluster', name);
  const by = { actor: 'local', origin: 'local', outcome: 'done' } as const;
  await recordAudit(tx, { act: 'create-cluster', ...by, subject: name, detail: { nodes } }, nowMs);
  const { fingerprint, serial, notAfterMs } = issued;
  const detail = { basis: decision.basis, name: own, fingerprint, serial, notAfterMs };
  await recordAudit(tx, { act: 'issue-certificate', ...by, subject: newHostId, detail }, nowMs);
}

/** What the node's agent needs to run. Undefined: it is no host of this domain. */
export async function answerForNode(
  db: DbOrTx,
  keys: KeyStore,
  domainId: DomainId,
  node: string,
): Promise<ManualAnswer | undefined> {
  const host = await findHostByName(db, node);
  const newest = host === undefined ? undefined : (await newestCertificates(db, [host.id])).get(host.id);
  const der = newest === undefined ? undefined : await readCertificateDer(db, newest.fingerprint);
  const list = await findDefaultList(db);
  const bundle = await latestJws(db, 'bundle', '');
  const servers = list === undefined ? undefined : await latestJws(db, 'list', list);
  if (der === undefined || bundle === undefined || servers === undefined) return undefined;
  return {
    format: 'sekisho-answer-1',
    domainId,
    root: base64(keys.certificateOf('root').der),
    chain: [der, keys.certificateOf('issuing').der].map(base64),
    bundle,
    list: servers,
  };
}

const SERIAL_BYTES = 16;

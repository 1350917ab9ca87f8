import { AppError, refuse, type Refusal } from '@sekisho/core/errors.ts';
import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import { decidePeer, explainPeer, type PeerFacts } from '@sekisho/core/rules/peer.ts';
import { isRevokedAt } from '@sekisho/core/rules/revocation.ts';
import { reaches, type Reach } from '@sekisho/core/rules/rights.ts';
import type { SettingOrigin } from '@sekisho/core/wire/group-settings.ts';
import type { ExplainedSide, ExplainReply, PeerDirection } from '@sekisho/core/wire/names.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import type { ServerContext } from '../../context.ts';
import {
  newestCertificates,
  readCertificateDer,
  type CertificateRow,
} from '../certificates/certificate-rows.ts';
import { endpointsOf, findHost as findFleetHost } from '../fleet/read-hosts.ts';
import { readGroupTree, type GroupTree } from '../groups/group-tree.ts';
import { findHost, findHostByName, type HostRow } from '../hosts/host-rows.ts';
import { findLegacyHost } from '../legacy/legacy-rows.ts';
import { explainCheck, type ExplainedFacts, type SettingGroup } from './explain-check.ts';
import { mappingsOfNames, pendingOfNames } from './name-rows.ts';
import { namesById } from './name-views.ts';

/**
 * T-36 May `from` talk to `to`? What each side decides about the other, check by check, by the rules that they use themselves, with what
 * decided it and the command that would change it. Refusals: NOT_FOUND, NAME_OF_SEVERAL_HOSTS.
 */
export async function explainPeers(
  context: ServerContext,
  question: { from: string; to: string; as?: string | undefined },
  reach: Reach,
): Promise<ExplainReply> {
  const from = await findByText(context, question.from, reach);
  const to = await findByText(context, question.to, reach);
  const dialled = question.as ?? (await defaultAddress(context, to));
  const sides = [
    await explainSide(context, { decides: from, about: to, direction: 'dialled', name: dialled }, reach),
    await explainSide(context, { decides: to, about: from, direction: 'accepted', name: undefined }, reach),
  ];
  return { from: named(from), to: named(to), allow: sides.every(({ allow }) => allow), sides };
}

const named = ({ id, name }: HostRow): { id: HostId; name: string } => ({ id, name });

/** A host by its ID or any of its names. */
async function findByText(context: ServerContext, raw: string, reach: Reach): Promise<HostRow> {
  const { db } = context.store;
  const found = await findAnywhere(context, raw);
  if (found === 'several') throw new AppError('NAME_OF_SEVERAL_HOSTS', { name: raw });
  const host = typeof found === 'string' ? await findHost(db, found) : found;
  if (host === undefined || !reaches(reach, host.groupId))
    throw new AppError('NOT_FOUND', { what: 'host', id: raw });
  return host;
}

async function findAnywhere(
  context: ServerContext,
  raw: string,
): Promise<HostRow | HostId | 'several' | undefined> {
  const id = parseHostId(raw.toLowerCase());
  if (id !== undefined) return id;
  const judged = judgeName(raw);
  if (!judged.allow) return undefined;
  const primary = await findHostByName(context.store.db, judged.name);
  if (primary !== undefined) return primary;
  const mapped = context.names.index.find(judged.name);
  return mapped?.next === undefined ? mapped?.hostId : 'several';
}

/** Where agents would dial it. */
async function defaultAddress({ store }: ServerContext, to: HostRow): Promise<string> {
  const host = await findFleetHost(store.db, to.id);
  return host === undefined || host.media === null ? to.name : (endpointsOf(host)[0]?.address ?? to.name);
}

async function explainSide(
  context: ServerContext,
  side: { decides: HostRow; about: HostRow; direction: PeerDirection; name: string | undefined },
  reach: Reach,
): Promise<ExplainedSide> {
  const { decides, about, direction } = side;
  const { db } = context.store;
  const row = (await newestCertificates(db, [about.id])).get(about.id);
  const der = row === undefined ? undefined : await readCertificateDer(db, row.fingerprint);
  const certificate = der === undefined ? undefined : parseCertificate(der);
  const name = side.name ?? certificate?.san.dns[0] ?? certificate?.san.ips[0] ?? about.name;
  const tree = await readGroupTree(db);
  const { staleCrl } = tree.settingsOf(decides.groupId, context.config.fleet);
  const { mapNames } = tree.settingsOf(about.groupId, context.config.fleet);
  const crl = await heldCrl(context, decides, row);
  const outcome = context.names.decide({ name, hostId: about.id, fingerprint: row?.fingerprint }, decides.id);
  const nowMs = context.clock.nowMs();
  const facts: PeerFacts = {
    legacy: await legacyOf(context, about, name),
    path: pathRefusal(context, about, certificate, direction),
    notBeforeMs: certificate?.notBeforeMs ?? 0,
    notAfterMs: certificate?.notAfterMs ?? 0,
    crl,
    staleCrl: staleCrl.value,
    revoked: row !== undefined && isRevokedAt(row, nowMs),
    expected: undefined,
    found: about.name,
    name: outcome,
    nowMs,
  };
  const judged = judgeName(name);
  const canonical = judged.allow ? judged.name : name.toLowerCase();
  const mappings = await mappingsOfNames(db, [canonical]);
  const explained: ExplainedFacts = {
    peer: facts,
    about: named(about),
    name: canonical,
    outcome,
    certificate,
    row,
    crl,
    setBy: { staleCrl: groupOf(tree, staleCrl.origin), mapNames: groupOf(tree, mapNames.origin) },
    isMedia: about.mediaSinceMs !== null,
    mappings,
    owners: await namesById(
      db,
      mappings
        .map(({ hostId }) => hostId)
        .filter((id) => {
          const group = context.fleet.groupOf(id);
          return reach === 'domain' || (group !== undefined && reaches(reach, group));
        }),
    ),
    pending: (await pendingOfNames(db, [canonical])).find(({ hostId }) => hostId === about.id),
    reserved: context.names.reservedFor(canonical),
  };
  return {
    direction,
    decides: named(decides),
    about: named(about),
    name,
    allow: decidePeer(facts).allow,
    checks: explainPeer(facts).map((checked) => explainCheck(checked, explained)),
  };
}

/** The group that a value comes from. */
const groupOf = (tree: GroupTree, origin: SettingOrigin): SettingGroup =>
  origin.kind === 'group' ? { id: origin.id, path: tree.namesOf(origin.id) } : undefined;

/**
 * A host that has only ever talked the plain protocol is judged as when it comes in (T-50 … T-53), by the desk that lets it in: from its
 * address, or under the name that is dialled, with the key that it was given; any other is not.
 */
async function legacyOf(
  { legacy, store }: ServerContext,
  about: HostRow,
  name: string,
): Promise<PeerFacts['legacy']> {
  const row = await findLegacyHost(store.db, about.id);
  if (row === undefined || row.legacySinceMs === null || row.secureSinceMs !== null) return undefined;
  const refusal = await legacy.refusalOf(store.db, row, {
    as: row.kind,
    name: row.name,
    address: row.kind === 'media' ? name : (row.address ?? 'unknown'),
    ...(row.keySha256 === null ? {} : { keySha256: row.keySha256 }),
  });
  return refusal ?? 'let-in';
}

/** The path of its certificate to this domain's root, dates apart: those are a check of their own. */
function pathRefusal(
  { keys, domain, clock }: ServerContext,
  about: HostRow,
  leaf: Certificate | undefined,
  direction: PeerDirection,
): Refusal | undefined {
  if (leaf === undefined) return refuse('PEER_CERTIFICATE_MISSING', { subject: about.name });
  try {
    verifyChain({
      leaf,
      intermediates: keys.issuers(),
      anchors: keys.anchors(),
      nowMs: Math.min(Math.max(clock.nowMs(), leaf.notBeforeMs), leaf.notAfterMs),
      domainId: domain.id,
      role: direction === 'dialled' ? 'host-media' : 'host-client',
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return refuse(error.code, { ...error.params, subject: about.name });
  }
}

/** The revocation list that the deciding host holds, by its last heartbeat; the newest one for a host that was never heard of. */
async function heldCrl(
  { store, fleet }: ServerContext,
  decides: HostRow,
  row: CertificateRow | undefined,
): Promise<ExplainedFacts['crl']> {
  if (row === undefined) return undefined;
  const held = fleet.seen(decides.id)?.crlNumber;
  let query = store.db
    .selectFrom('crls')
    .select(['number', 'next_update_ms'])
    .where('issuer_key_id', '=', row.issuerKeyId)
    .orderBy('number', 'desc')
    .limit(1);
  if (held !== undefined && held > 0) query = query.where('number', '<=', held);
  const found = await query.executeTakeFirst();
  return found === undefined
    ? undefined
    : { number: found.number, nextUpdateMs: found.next_update_ms, heardOf: held !== undefined };
}

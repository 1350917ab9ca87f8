import { NOT_BEFORE_BACK_MS } from '@sekisho/core/limits.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import {
  issueDocumentSigner,
  issueIssuingCa,
  issueLink,
  issueRoot,
  issueServerTls,
  type Issuer,
} from '@sekisho/pki/issue.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import type { FleetParts } from '../../context.ts';
import {
  DOCUMENT_SIGNER_VALID_DAYS,
  ISSUING_VALID_DAYS,
  ROOT_VALID_DAYS,
  SERVER_TLS_VALID_DAYS,
  tlsNames,
} from '../domain/make-authority.ts';
import type { KeyLink, KeyStore, NewKey } from '../keys/key-store.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { listedAddresses } from './listed-addresses.ts';

const SERIAL_BYTES = 16;

/** The next CA of a domain: its keys by role, and the links between the roots. */
export interface NextCa {
  readonly keys: readonly NewKey[];
  readonly links: readonly KeyLink[];
}

/**
 * F-30 A new root with an issuing CA, and role certificates under it in place of those that the old one made; certificates from outside stay.
 * `linkedFrom`: the old root, when links are to lead from it to the new one and back (F-38).
 */
export async function makeCa(
  { config, domain, random }: FleetParts,
  wish: { db: DbOrTx; keys: KeyStore; linkedFrom: Issuer | undefined; nowMs: number },
): Promise<NextCa> {
  const { db, keys, linkedFrom, nowMs } = wish;
  const dates = (days: number) => ({
    serial: random.bytes(SERIAL_BYTES),
    notBeforeMs: nowMs - NOT_BEFORE_BACK_MS,
    notAfterMs: nowMs + days * DAY_MS,
  });
  const draw = async () => {
    const privateKey = await generatePrivateKey('p256');
    return { privateKey, signer: fileSigner(privateKey) };
  };
  const [rootKey, issuingKey] = await Promise.all([draw(), draw()]);
  const { name } = domain;
  const root = await issueRoot({ ...dates(ROOT_VALID_DAYS), name, signer: rootKey.signer });
  const issuer: Issuer = { certificate: root, signer: rootKey.signer };
  const issuing = await issueIssuingCa({
    ...dates(ISSUING_VALID_DAYS),
    name,
    spkiDer: issuingKey.signer.spkiDer,
    issuer,
  });
  const made: NewKey[] = [
    { role: 'root', privateKey: rootKey.privateKey, certificate: root },
    { role: 'issuing', privateKey: issuingKey.privateKey, certificate: issuing },
  ];
  if (isOwn('server-tls')) {
    const { privateKey, signer } = await draw();
    const listed = await listedAddresses(db, domain.serverId);
    const certificate = await issueServerTls({
      ...dates(SERVER_TLS_VALID_DAYS),
      domainId: domain.id,
      serverId: domain.serverId,
      ...tlsNames([...new Set([...config.addresses, ...listed])]),
      spkiDer: signer.spkiDer,
      issuer,
    });
    made.push({ role: 'server-tls', privateKey, certificate });
  }
  if (isOwn('document-signer')) {
    const { privateKey, signer } = await draw();
    const certificate = await issueDocumentSigner({
      ...dates(DOCUMENT_SIGNER_VALID_DAYS),
      domainId: domain.id,
      spkiDer: signer.spkiDer,
      issuer,
    });
    made.push({ role: 'document-signer', privateKey, certificate });
  }
  if (linkedFrom === undefined) return { keys: made, links: [] };
  const link = async (from: Issuer, to: Issuer, kind: KeyLink['kind']): Promise<KeyLink> => ({
    kind,
    fromKeyId: from.certificate.keyId,
    toKeyId: to.certificate.keyId,
    certificate: await issueLink({
      serial: random.bytes(SERIAL_BYTES),
      issuer: from,
      root: to.certificate,
    }),
  });
  const links = [await link(linkedFrom, issuer, 'forward'), await link(issuer, linkedFrom, 'back')];
  return { keys: made, links };

  /** Did this domain's CA make the certificate that is in use? */
  function isOwn(role: 'server-tls' | 'document-signer'): boolean {
    return keys.keysOf(role).find(({ state }) => state === 'active')?.outsideChain === null;
  }
}

import { AppError } from '@sekisho/core/errors.ts';
import type { BundlePayload } from '@sekisho/core/wire/documents.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { parseCrl, verifyCrl, type Crl } from '@sekisho/pki/crl.ts';
import { RevocationSet } from '@sekisho/pki/revocation-set.ts';
import type { RevocationSource } from '@sekisho/pki/verify.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { hash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing } from '../settings.ts';

/** One of the lists that the trust bundle names. */
export type NamedList = BundlePayload['crls'][number];

/** What peers' certificates are checked against; revocations are keyed by issuer key and serial (T-42). */
export interface Revocations extends RevocationSource {
  /** Until when the list holds that speaks for a certificate with these addresses of lists; undefined when there is none. */
  freshness(issuerKeyId: string, crlUrls: readonly string[]): { nextUpdateMs: number } | undefined;
}

/** The verified CRLs of this host, on the disk before they count. */
export interface CrlStore extends Revocations {
  /** The number up to which every list was seen to be the newest: echoed in heartbeats (T-44). */
  readonly number: number;
  /** The earliest nextUpdate of the held CRLs that the trust bundle names; undefined when there is none. */
  readonly nextUpdateMs: number | undefined;
  /** The number of the list that is held from there. */
  numberOf(list: NamedList): number | undefined;
  /** Verifies what came from there against its issuing CA and keeps it. True when something changed. Refusals: any of CRL_… */
  offer(list: NamedList, der: Uint8Array): Promise<boolean>;
  /** All lists that the bundle names were looked at, one after the other, and none was newer than what is held. */
  confirm(lists: readonly NamedList[]): Promise<void>;
}

const confirmedFile = z.object({ number: z.int().min(0) });

export async function openCrlStore(options: {
  folder: string;
  /** The bundle in force names the CRLs; the CAs may have signed them. */
  bundle: () => BundlePayload | undefined;
  issuers: () => readonly Certificate[];
  log: Log;
}): Promise<CrlStore> {
  const { folder, log } = options;
  const held = new RevocationSet();
  /** By the path of a list: what is held of it. */
  const byPath = new Map<string, Crl>();
  let number = 0;

  const named = (): readonly NamedList[] => options.bundle()?.crls ?? [];
  await dropOthers(folder, named(), log);
  let whole = true;
  for (const list of named()) {
    try {
      take(list, await readFile(fileOf(folder, list)));
    } catch (error) {
      whole = false;
      if (!isMissing(error)) log.warn({ err: error, path: list.path }, 'a stored CRL is damaged');
    }
  }
  if (whole) number = await readConfirmed(join(folder, CONFIRMED), log);

  function take(list: NamedList, der: Uint8Array): boolean {
    const { crl, issuer } = readList(list, der, options.issuers());
    const before = held.held(issuer.keyId, crl.scope);
    held.add(crl, issuer);
    byPath.set(list.path, crl);
    return before?.sha256 !== crl.sha256;
  }

  return {
    get number() {
      return number;
    },
    get nextUpdateMs() {
      const times = named().flatMap(({ path }) => byPath.get(path)?.nextUpdateMs ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    isRevoked: (issuerKeyId, serial) => held.isRevoked(issuerKeyId, serial),
    freshness: (issuerKeyId, crlUrls) => held.listFor(issuerKeyId, crlUrls),
    numberOf: ({ path }) => byPath.get(path)?.number,
    async offer(list, der) {
      const { crl, issuer } = readList(list, der, options.issuers());
      const before = held.held(issuer.keyId, crl.scope);
      if (before?.sha256 === crl.sha256) return false;
      if (before === undefined || crl.number > before.number) await writeDurably(fileOf(folder, list), der);
      return take(list, der);
    },
    async confirm(lists) {
      const confirmed = Math.max(0, ...lists.map(({ path }) => byPath.get(path)?.number ?? 0));
      const wanted = new Set(lists.map(({ path }) => path));
      for (const path of byPath.keys()) if (!wanted.has(path)) byPath.delete(path);
      const kept = new Set(byPath.values());
      held.keep((_, crl) => kept.has(crl));
      if (confirmed === number) return;
      await writeDurably(join(folder, CONFIRMED), JSON.stringify({ number: confirmed }));
      number = confirmed;
    },
  };
}

/**
 * Reads a list that came from a path of the bundle. It must be of that issuer, signed by it, and the one of that path: a shard's list
 * is not taken for another's, nor for one of all certificates. Refusals: any of CRL_…
 */
export function readList(
  list: NamedList,
  der: Uint8Array,
  issuers: readonly Certificate[],
): { crl: Crl; issuer: Certificate } {
  const crl = parseCrl(der);
  const issuer = issuers.find(({ keyId }) => keyId === list.issuerKeyId);
  if (issuer === undefined) throw new AppError('CRL_ISSUER_WRONG');
  verifyCrl(crl, issuer);
  const { uris } = crl.scope;
  const isOfPath = uris.some((uri) => URL.canParse(uri) && new URL(uri).pathname === list.path);
  const isWhole = uris.length === 0 && list.path === `/crl/${list.issuerKeyId}.crl`;
  if (!isOfPath && !isWhole)
    throw new AppError('CRL_SCOPE_WRONG', { path: list.path, found: uris[0] ?? '-' });
  return { crl, issuer };
}

const CONFIRMED = 'confirmed.json';

async function readConfirmed(file: string, log: Log): Promise<number> {
  try {
    return confirmedFile.parse(JSON.parse(await readFile(file, 'utf8'))).number;
  } catch (error) {
    if (!isMissing(error)) log.warn({ err: error }, 'the confirmed CRL number can not be read');
    return 0;
  }
}

/** Lists that no bundle names any more. */
async function dropOthers(folder: string, lists: readonly NamedList[], log: Log): Promise<void> {
  const wanted = new Set(lists.map((list) => fileOf(folder, list)));
  if (wanted.size === 0) return;
  try {
    for (const name of await readdir(folder))
      if (name.endsWith('.crl') && !wanted.has(join(folder, name))) await rm(join(folder, name));
  } catch (error) {
    if (!isMissing(error)) log.warn({ err: error }, 'old CRLs could not be removed');
  }
}

const fileOf = (folder: string, { path }: NamedList): string =>
  join(folder, `${hash('sha256', path, 'hex').slice(0, 32)}.crl`);

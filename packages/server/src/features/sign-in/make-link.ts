import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { DAY_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Store } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { listDomainAdministrators } from '../administrators/administrator-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { deleteLinksBefore, dropLinks, insertLink, type LinkPurpose } from './links.store.ts';

export const LINK_VALID_MS = DAY_MS;
/** Used and expired links are remembered so long: whoever tries one hears what became of it. */
export const LINK_ROWS_KEPT_MS = 30 * DAY_MS;
/** 256 random bits. */
const CODE_BYTES = 32;

/** A link that works once; whoever sees its code can use it. */
export interface OneTimeLink {
  readonly purpose: LinkPurpose;
  readonly code: Secret;
  readonly link: Secret;
  readonly expiresAtMs: number;
}

/** Where links lead. */
export interface LinkPlace {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: { readonly addresses: readonly string[] };
  readonly ports: { readonly admin: number };
}

/**
 * Makes a link for the first administrator, an invitation or a new password; an earlier one of the same person stops
 * working. Only the hash of its code is stored.
 */
export async function makeLink(
  place: LinkPlace,
  tx: Tx,
  wish: {
    readonly purpose: LinkPurpose;
    /** Null: the first administrator, who is not there yet. */
    readonly administrator: { readonly id: AdministratorId; readonly name: string } | null;
    readonly principal: Pick<Principal, 'name' | 'origin'>;
  },
): Promise<OneTimeLink> {
  const { administrator, principal, purpose } = wish;
  const nowMs = place.clock.nowMs();
  const code = Buffer.from(place.random.bytes(CODE_BYTES)).toString('base64url');
  const expiresAtMs = nowMs + LINK_VALID_MS;
  await dropLinks(tx, administrator?.id ?? null);
  await deleteLinksBefore(tx, nowMs - LINK_ROWS_KEPT_MS);
  await insertLink(tx, {
    secretSha256: codeHash(code),
    purpose,
    administratorId: administrator?.id ?? null,
    createdAtMs: nowMs,
    createdBy: principal.name,
    expiresAtMs,
  });
  await recordAudit(
    tx,
    {
      act: 'make-link',
      actor: principal.name,
      origin: principal.origin,
      subject: administrator?.id ?? 'first administrator',
      outcome: 'done',
      detail: { purpose, expiresAtMs, ...(administrator === null ? {} : { name: administrator.name }) },
    },
    nowMs,
  );
  const { addresses } = place.config;
  const [address = 'localhost'] = addresses;
  const host = isIPv6(address) ? `[${address}]` : address;
  return {
    purpose,
    code: new Secret(code),
    link: new Secret(`https://${host}:${place.ports.admin}/${purpose}#${code}`),
    expiresAtMs,
  };
}

/** The link for the first administrator. Refusal: FIRST_ADMINISTRATOR_EXISTS. */
export const linkForFirst = (
  place: LinkPlace & { readonly store: Store },
  principal: Pick<Principal, 'name' | 'origin'>,
): Promise<OneTimeLink> =>
  place.store.transaction(async (tx) => {
    await requireNoAdministrator(tx);
    return makeLink(place, tx, { purpose: 'first', administrator: null, principal });
  });

/** Refusal: FIRST_ADMINISTRATOR_EXISTS, when somebody can sign in and administer the domain. */
export async function requireNoAdministrator(db: DbOrTx): Promise<void> {
  if ((await listDomainAdministrators(db)).length > 0) throw new AppError('FIRST_ADMINISTRATOR_EXISTS');
}

/** What is stored of a link's code. */
export const codeHash = (code: string): string => hash('sha256', code, 'hex');

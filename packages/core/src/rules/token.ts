import type { HostId, TokenId } from '../ids.ts';

/** A token as the registry knows it; the secret itself is nowhere. */
export interface TokenFacts {
  readonly id: TokenId;
  readonly purpose: 'enrol' | 'reissue';
  readonly usesMax: number;
  readonly uses: number;
  readonly expiresAtMs: number;
  readonly deletedAtMs: number | null;
  /** Bound to this host name. */
  readonly hostName: string | null;
  /** Of a reissue token: the one host it is for. */
  readonly hostId: HostId | null;
  readonly media: boolean;
}

/** Why a token was refused: for administrators alone. The client hears one indistinct code (T-13). */
export const TOKEN_REFUSALS = ['unknown', 'deleted', 'expired', 'used-up', 'foreign'] as const;
export type TokenRefusal = (typeof TOKEN_REFUSALS)[number];
export type TokenDecision =
  { readonly allow: true } | { readonly allow: false; readonly reason: TokenRefusal };

/** Does this token approve a request for that name, by or for that host (T-13, T-14)? */
export function decideToken(
  token: TokenFacts | undefined,
  request: { readonly name: string; readonly hostId: HostId | undefined },
  nowMs: number,
): TokenDecision {
  if (token === undefined) return { allow: false, reason: 'unknown' };
  if (token.deletedAtMs !== null) return { allow: false, reason: 'deleted' };
  if (nowMs >= token.expiresAtMs) return { allow: false, reason: 'expired' };
  if (token.hostName !== null && token.hostName !== request.name) return { allow: false, reason: 'foreign' };
  if (token.purpose === 'reissue' && (token.hostId === null || token.hostId !== request.hostId))
    return { allow: false, reason: 'foreign' };
  if (token.uses >= token.usesMax) return { allow: false, reason: 'used-up' };
  return { allow: true };
}

/** The state that lists show (T-13). */
export function tokenState(
  token: Pick<TokenFacts, 'uses' | 'usesMax' | 'expiresAtMs' | 'deletedAtMs'>,
  nowMs: number,
): 'active' | 'used' | 'expired' | 'deleted' {
  if (token.deletedAtMs !== null) return 'deleted';
  if (token.uses >= token.usesMax) return 'used';
  return nowMs >= token.expiresAtMs ? 'expired' : 'active';
}

import { z } from 'zod';
import {
  parseAdministratorId,
  parseApiKeyId,
  parseDomainId,
  parseGroupId,
  parseHostId,
  parseJobId,
  parseListId,
  parsePlanId,
  parseRepositoryName,
  parseServerId,
  parseSha256Hex,
  parseSignInId,
  parseSnapshotId,
  parseTaskId,
  parseTokenId,
} from '../ids.ts';

/** A zod type out of a parser: only parsers mint branded ids, on the wire too. */
const branded = <Id extends string>(parse: (raw: string) => Id | undefined, what: string) =>
  z
    .string()
    .max(100)
    .transform((raw, context): Id => {
      const id = parse(raw);
      if (id === undefined) {
        context.addIssue({ code: 'custom', message: `not a ${what}` });
        return z.NEVER;
      }
      return id;
    });

export const domainId = branded(parseDomainId, 'domain ID');
export const hostId = branded(parseHostId, 'host ID');
export const serverId = branded(parseServerId, 'server ID');
export const groupId = branded(parseGroupId, 'group ID');
export const listId = branded(parseListId, 'list ID');
export const planId = branded(parsePlanId, 'plan ID');
export const tokenId = branded(parseTokenId, 'token ID');
export const administratorId = branded(parseAdministratorId, 'administrator ID');
export const signInId = branded(parseSignInId, 'session ID');
export const apiKeyId = branded(parseApiKeyId, 'API key ID');
export const taskId = branded(parseTaskId, 'task ID');
export const jobId = branded(parseJobId, 'job ID');
export const snapshotId = branded(parseSnapshotId, 'snapshot ID');
export const repositoryName = branded(parseRepositoryName, 'repository name');
export const sha256Hex = branded(parseSha256Hex, 'SHA-256');

/** The last millisecond that RFC 3339 can write: what comes later breaks whoever shows it. */
export const EPOCH_MS_MAX = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
/** Milliseconds since 1970. */
export const epochMs = z.int().min(0).max(EPOCH_MS_MAX);
/** A document serial or a generation: only ever goes up. */
export const serial = z.int().min(0);
export const count = z.int().min(0);
export const port = z.int().min(1).max(65535);
/** A DNS name or an IP address as an administrator or a host wrote it; `rules/naming` judges it. */
export const address = z.string().min(1).max(253);
export const displayName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]+$/u);
export const absolutePath = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\u0000]+$/)
  .refine((path) => path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path), {
    message: 'not an absolute path',
  });

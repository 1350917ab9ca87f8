import type { ErrorCode } from '@sekisho/core/errors.ts';
import { CHANNEL_CLONE_CLOSE_CODE } from '@sekisho/core/wire/agent.ts';

/** Why the server ends a channel: WebSocket close codes of our own (4000–4999), each with the code that the log names. */
export const CLOSE_CODES = {
  /** Another connection of the same identity took over. */
  replaced: 4000,
  FRAME_MALFORMED: 4400,
  CERTIFICATE_REVOKED: 4403,
  PEER_CERTIFICATE_UNKNOWN: 4404,
  PEER_CERTIFICATE_EXPIRED: 4405,
  CHANNEL_CLONE: CHANNEL_CLONE_CLOSE_CODE,
  FRAME_QUEUE_FULL: 4429,
  /** "Service restart": the server stops, or has lost sight of what was revoked. @source RFC 6455 §7.4.2 registry */
  SERVER_STOPPING: 1012,
} as const satisfies Partial<Record<ErrorCode | 'replaced', number>>;
export type CloseReason = keyof typeof CLOSE_CODES;

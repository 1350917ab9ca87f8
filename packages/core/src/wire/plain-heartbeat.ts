import { parseSha256Hex, type Sha256Hex } from '../ids.ts';
import type { AgentFrame } from './agent.ts';
import { EPOCH_MS_MAX } from './scalars.ts';

/** Limits of the strings and lists in a heartbeat; `agent.ts` says the same of each. */
const CERTIFICATES_MAX = 4;
const VERSION_LENGTH_MAX = 32;
const BOOT_ID_LENGTH_MAX = 64;

type HeartbeatFrame = Extract<AgentFrame, { type: 'heartbeat' }>;

/**
 * The heartbeat frame of an agent that has no complaints, out of parsed JSON: what nearly every frame of a fleet is. Undefined for anything
 * else, which says nothing yet: `agentFrame` judges then. What is taken here, `agentFrame` takes with the same result.
 */
export function plainHeartbeat(raw: unknown): HeartbeatFrame | undefined {
  if (!isObject(raw) || raw['type'] !== 'heartbeat') return undefined;
  const { seq, body } = raw;
  if (!isCount(seq) || !isObject(body)) return undefined;
  const { sentAtMs, bundleGeneration, listSerial, assignmentSerial, policySerial, crlNumber, spooled } = body;
  if (!isCount(sentAtMs) || sentAtMs > EPOCH_MS_MAX) return undefined;
  if (!isCount(bundleGeneration) || !isCount(listSerial) || !isCount(assignmentSerial)) return undefined;
  if (!isCount(policySerial) || !isCount(crlNumber) || !isCount(spooled)) return undefined;
  const { version, bootId, health } = body;
  if (typeof version !== 'string' || version.length > VERSION_LENGTH_MAX) return undefined;
  if (typeof bootId !== 'string' || bootId.length > BOOT_ID_LENGTH_MAX) return undefined;
  if (!Array.isArray(health) || health.length > 0) return undefined;
  const certificates = fingerprints(body['certificates']);
  if (certificates === undefined) return undefined;
  return {
    type: 'heartbeat',
    seq,
    body: {
      sentAtMs,
      bundleGeneration,
      listSerial,
      assignmentSerial,
      policySerial,
      crlNumber,
      certificates,
      version,
      bootId,
      health: [],
      spooled,
    },
  };
}

function fingerprints(raw: unknown): Sha256Hex[] | undefined {
  if (!Array.isArray(raw) || raw.length > CERTIFICATES_MAX) return undefined;
  const parsed: Sha256Hex[] = [];
  for (const text of raw as unknown[]) {
    const fingerprint = typeof text === 'string' ? parseSha256Hex(text) : undefined;
    if (fingerprint === undefined) return undefined;
    parsed.push(fingerprint);
  }
  return parsed;
}

const isObject = (raw: unknown): raw is Record<string, unknown> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw);

const isCount = (raw: unknown): raw is number => Number.isSafeInteger(raw) && (raw as number) >= 0;

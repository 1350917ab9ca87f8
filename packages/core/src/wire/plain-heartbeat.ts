import { parseSha256Hex, type Sha256Hex } from '../ids.ts';
import type { AgentFrame } from './agent.ts';
import { EPOCH_MS_MAX } from './scalars.ts';

/** Limits of the strings and lists in a heartbeat; `agent.ts` says the same of each. */
const CERTIFICATES_MAX = 4;
const VERSION_LENGTH_MAX = 32;
const BOOT_ID_LENGTH_MAX = 64;
const HEARTBEAT_SECONDS_MAX = 86_400;
const CAPABILITIES_MAX = 16;
const CAPABILITY_LENGTH_MAX = 32;

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
  const { heartbeatSeconds, capabilities } = body;
  if ('heartbeatSeconds' in body && !isPeriod(heartbeatSeconds)) return undefined;
  if ('capabilities' in body && !areCapabilities(capabilities)) return undefined;
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
      ...(isPeriod(heartbeatSeconds) && { heartbeatSeconds }),
      certificates,
      version,
      bootId,
      health: [],
      spooled,
      ...(areCapabilities(capabilities) && { capabilities }),
    },
  };
}

const isPeriod = (raw: unknown): raw is number => isCount(raw) && raw >= 1 && raw <= HEARTBEAT_SECONDS_MAX;

const areCapabilities = (raw: unknown): raw is string[] =>
  Array.isArray(raw) &&
  raw.length <= CAPABILITIES_MAX &&
  raw.every((one) => typeof one === 'string' && one.length <= CAPABILITY_LENGTH_MAX);

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

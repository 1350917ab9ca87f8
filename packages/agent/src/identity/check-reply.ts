import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId, HostId } from '@sekisho/core/ids.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';

/**
 * The chain to install out of what the server sent: a leaf for exactly our key, a host of our domain, under our anchors.
 * Refusal: CERTIFICATE_REPLY_WRONG; nothing is installed then.
 */
export function checkIssued(
  certificates: readonly Certificate[],
  expected: {
    keyId: string;
    anchors: readonly Certificate[];
    intermediates: readonly Certificate[];
    domainId: DomainId;
    hostId: HostId | undefined;
    nowMs: number;
  },
): { hostId: HostId; chain: readonly Certificate[] } {
  const leaf = certificates.find((certificate) => certificate.keyId === expected.keyId);
  if (leaf === undefined) throw wrong('no certificate is for our key');
  let verified: ReturnType<typeof verifyChain>;
  try {
    verified = verifyChain({
      leaf,
      intermediates: [...expected.intermediates, ...certificates.filter((one) => one !== leaf)],
      anchors: expected.anchors,
      nowMs: expected.nowMs,
      domainId: expected.domainId,
      role: 'host-client',
    });
  } catch (error) {
    throw wrong(error instanceof AppError ? error.code : 'chain', error);
  }
  const { hostId } = verified;
  if (hostId === undefined) throw wrong('no host ID');
  if (expected.hostId !== undefined && hostId !== expected.hostId) throw wrong('another host ID');
  // Without the anchor: whoever verifies has it, and nobody believes it from us.
  return { hostId, chain: verified.path.slice(0, -1) };
}

const wrong = (detail: string, cause?: unknown): AppError =>
  new AppError('CERTIFICATE_REPLY_WRONG', { detail }, { cause });

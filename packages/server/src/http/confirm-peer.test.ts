import { AppError } from '@sekisho/core/errors.ts';
import { sha256Hex } from '@sekisho/core/wire/scalars.ts';
import { newHostId } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfirmPeer } from './confirm-peer.ts';

const hostId = newHostId();
const fingerprint = sha256Hex.parse('ab'.repeat(32));
const peer = { hostId, fingerprint, serial: '01', issuerKeyId: 'a', notAfterMs: 0 };

const CASES: readonly [when: string, fresh: boolean, revoked: boolean | undefined, refusal: string | null][] =
  [
    ['nothing has happened', true, false, null],
    ['the process does not know what was revoked', false, false, 'SERVER_STOPPING'],
    ['the host was revoked meanwhile', true, true, 'CERTIFICATE_REVOKED'],
    ['its certificate is gone', true, undefined, 'CERTIFICATE_REVOKED'],
  ];

for (const [when, fresh, revoked, refusal] of CASES)
  test(`T-42 an answer that is ready when ${when}: ${refusal ?? 'it goes out'}`, () => {
    const parts = {
      feed: { fresh },
      registry: { lookup: () => (revoked === undefined ? undefined : { revoked }) },
    } as unknown as Parameters<typeof createConfirmPeer>[0];
    const confirm = createConfirmPeer(parts);
    const ask = (identity: object): void => confirm({ identity } as Parameters<typeof confirm>[0]);
    ask({ kind: 'public' });
    if (refusal === null) ask({ kind: 'peer', peer });
    else
      assert.throws(
        () => ask({ kind: 'peer', peer }),
        (error) => error instanceof AppError && error.code === refusal,
      );
  });

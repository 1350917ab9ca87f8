import {
  getAuditCheckpoint,
  getAuditKey,
  getAuditRow,
  listAuditCheckpoints,
  listAuditEntries,
} from '@sekisho/core/wire/audit.ts';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { FINGERPRINT, found } from './sample-ids.ts';

const DOMAIN = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
const ORIGIN = `sekisho.${DOMAIN}/audit`;
const HASHES = [1, 2, 3].map((byte) => Buffer.alloc(32, byte).toString('base64'));
const [LEAF = '', ROOT = ''] = HASHES;
const SIGNATURE = Buffer.alloc(68, 7).toString('base64');
const CHECKPOINT = `${ORIGIN}\n42\n${ROOT}\n\n— ${ORIGIN} ${SIGNATURE}\n`;

const ROW = {
  seq: 42,
  atMs: TEST_NOW_MS,
  category: 'SEC_CONFIG',
  act: 'set-security',
  actor: 'haruko',
  origin: '192.0.2.7',
  subject: 'security',
  outcome: 'done' as const,
  detail: { before: { level: 'high' }, after: { level: 'medium' } },
};
const REFUSED = {
  ...ROW,
  seq: 41,
  act: 'refuse-token',
  category: 'TOKEN',
  actor: '=cmd|x',
  subject: 'web-07, "倉庫"',
  outcome: 'refused' as const,
  detail: { code: 'TOKEN_REFUSED', count: 12 },
};

/** An audit log with canned answers: what `audit verify` proves has tests with a real server. */
export const auditSampleRoutes = (): FakeRoute[] => [
  fakeRoute(getAuditKey, () => ({
    domainId: DOMAIN,
    origin: ORIGIN,
    verifierKey: `${ORIGIN}+0102a3b4+${Buffer.alloc(33, 1).toString('base64')}`,
    keyDocument: 'e30.e30.e30',
    rootCertificate: 'MAA=',
    caFingerprint: FINGERPRINT,
  })),
  fakeRoute(getAuditCheckpoint, () => ({ checkpoint: CHECKPOINT, size: 42, root: ROOT, consistency: null })),
  fakeRoute(getAuditRow, ({ params }) => ({
    row: found(
      [ROW].find(({ seq }) => seq === params.seq),
      'audit row',
      String(params.seq),
    ),
    leaf: LEAF,
    proof: { checkpoint: CHECKPOINT, index: 41, size: 42, hashes: HASHES.slice(1) },
  })),
  fakeRoute(listAuditEntries, () => ({
    entries: [
      { seq: 40, leaf: LEAF, row: null },
      { seq: 41, leaf: LEAF, row: REFUSED },
      { seq: 42, leaf: LEAF, row: ROW },
    ],
    nextFrom: null,
    written: 42,
  })),
  fakeRoute(listAuditCheckpoints, () => ({ checkpoints: [], nextFrom: null })),
];

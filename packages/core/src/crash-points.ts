/**
 * Every named place at which a test kills the process (issue "crash points"): before and after each fsync, rename, commit
 * and send on the paths of issuance, documents, upload, job result and maintenance. A guard test checks that each name is
 * used exactly once in the sources and has its case in the crash tests.
 */
export const CRASH_POINTS = [
  // server: issuance
  'issuance.intention.before-commit',
  'issuance.intention.committed',
  'issuance.result.before-commit',
  'issuance.result.committed',
  // server: documents
  'document.before-commit',
  'document.committed',
  // server: revocation lists
  'crl.signed',
  'crl.part-written',
  'crl.before-commit',
  'crl.committed',
  // server: install packages
  'package.part-written',
  'package.before-rename',
  // server: job result
  'job-result.before-commit',
  'job-result.committed',
  'job-result.acknowledged',
  // server: dispatch of orders
  'job-offer.before-send',
  // server: certificate update
  'rotation.take-over.before-commit',
  'rotation.announce.before-commit',
  'rotation.announce.committed',
  'rotation.switch.before-commit',
  'rotation.switch.committed',
  'rotation.settle.before-commit',
  'rotation.rekey.before-commit',
  'rotation.withdraw.before-commit',
  'rotation.finish.before-commit',
  'rotation.confirm.before-commit',
  // server: audit log
  'audit-tree.before-commit',
  'audit-tree.committed',
  'audit-merge.before-commit',
  // server: idempotency keys
  'idempotency.effect-committed',
  // server: backup of the database, and its move to another one
  'database-backup.before-manifest',
  'database-move.before-commit',
  'database-move.committed',
  'database-move.before-switch',
  'database-move.switched',
  // agent: document store
  'agent-document.before-fsync',
  'agent-document.before-rename',
  'agent-document.renamed',
  'agent-anchors.before-save',
  'agent-anchors.saved',
  // agent: communication package
  'agent-repair.before-commit',
  'agent-repair.committed',
  'agent-repair.bundle-written',
  'agent-repair.all-written',
  // agent: that the server is not verified for a time
  'agent-verification.kept',
  // agent: identity
  'agent-identity.before-rename',
  'agent-identity.renamed',
  'manual-install.certificate',
  'manual-install.settings',
  // agent: spool
  'spool.before-fsync',
  'spool.before-rename',
  'spool.renamed',
  'spool.before-send',
  'spool.acknowledged',
  // media: upload
  'upload.before-fsync',
  'upload.before-rename',
  'upload.renamed',
  'upload.folder-synced',
  // media: maintenance
  'maintenance.started',
  'maintenance.before-forget',
  'maintenance.before-trash',
  'maintenance.trashed',
  'maintenance.before-report',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

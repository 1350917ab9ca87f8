/** What an agent says about itself, short codes (F-02); unknown ones are kept as they are by the server. */
export const HEALTH_CODES = [
  'certificate-expiring',
  'certificate-expired',
  'renewal-failing',
  'crl-stale',
  'clock-skew',
  'clock-set-back',
  'document-refused',
  'document-damaged',
  'repair-unfinished',
  'restic-missing',
  'media-failed',
  'media-legacy-failed',
  'spool-full',
  'channel-clone',
  'verification-off',
  'list-unreachable',
  'orphaned',
] as const;
export type HealthCode = (typeof HEALTH_CODES)[number];

import type { HealthCode } from '../../wire/health-codes.ts';

/** What an agent says about itself, each with what to do about it. */
export const health = {
  'certificate-expiring': 'its certificate ends soon and was not renewed',
  'certificate-expired': 'its certificate has ended: sekisho agent setup --reissue',
  'renewal-failing': 'its certificate is not renewed: sekisho agent renew says why',
  'crl-stale': 'its revocation list is past its end',
  'clock-skew': 'its clock differs from that of the management server: set it',
  'clock-set-back': 'its clock was set back: set it right',
  'document-refused': 'it refused what was not signed as it must be',
  'document-damaged': 'a file of its signed documents is damaged; it is fetched anew',
  'repair-unfinished':
    'a communication package was taken and could not be written: make room on the disk, and the agent finishes by itself',
  'restic-missing': 'restic is missing or does not start',
  'media-failed': 'its media server does not start',
  'media-legacy-failed': 'its media server does not listen for legacy hosts',
  'spool-full': 'many reports wait for the management server',
  'channel-clone': 'another machine runs with the identity of this host',
  'verification-off': 'the management server is not verified',
  'list-unreachable': 'no server of its list answers; it asks one of an earlier list',
  orphaned: 'it refuses the certificate of a management server',
} satisfies Record<HealthCode, string>;

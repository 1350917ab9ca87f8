import type { SecuritySettings } from '@sekisho/core/wire/trust.ts';

/** T-12's default is high; certificates live a year (T-03). */
export const SECURITY_DEFAULTS: SecuritySettings = {
  level: 'high',
  requireForwardRecords: false,
  hostCertificateHours: 365 * 24,
  staleCrl: 'level',
  mapAutomatically: true,
  insecureCommunication: true,
};

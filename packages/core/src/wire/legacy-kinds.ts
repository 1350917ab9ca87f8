/** What a legacy host is let in as: to back itself up, as a media server, or to read the report (T-54). */
export const LEGACY_KINDS = ['client', 'media', 'collector'] as const;
export type LegacyKind = (typeof LEGACY_KINDS)[number];

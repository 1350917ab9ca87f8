import { ORPHANED_HEALTH } from '@sekisho/core/rules/host-state.ts';

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
  'restic-missing',
  'media-failed',
  'media-legacy-failed',
  'spool-full',
  'channel-clone',
  'verification-off',
  'list-unreachable',
  ORPHANED_HEALTH,
] as const;
export type HealthCode = (typeof HEALTH_CODES)[number];

/** The codes that hold at the moment, each with the words for `agent status`. */
export class HealthBoard {
  readonly #codes = new Map<HealthCode, string>();

  set(code: HealthCode, holds: boolean, detail = ''): void {
    if (holds) this.#codes.set(code, detail);
    else this.#codes.delete(code);
  }

  get codes(): HealthCode[] {
    return [...this.#codes.keys()].sort();
  }

  get details(): Record<string, string> {
    return Object.fromEntries(this.#codes);
  }
}

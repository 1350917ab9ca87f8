import { DAY_MS } from '../time.ts';

/** F-35 Days before the end of a certificate at which somebody is told. */
export const EXPIRY_ALERT_DAYS = [60, 30, 14, 7, 1] as const;
/** In the place of days: a short-lived certificate whose renewal is overdue. */
export const RENEWAL_OVERDUE = 0;
/** Shorter ones are renewed so often that days ahead say nothing: they are told of when the renewal is overdue. */
export const SHORT_LIVED_BELOW_MS = 180 * DAY_MS;
/** The server's own certificates are renewed so long before their end: before anybody is told. */
export const OWN_RENEWAL_BEFORE_MS = 90 * DAY_MS;

type Lifetime = { readonly notBeforeMs: number; readonly notAfterMs: number };

/**
 * F-35 Which alert a certificate is due for now: the nearest threshold that has passed, or RENEWAL_OVERDUE when five sixths of a short life
 * have gone (renewal begins at two thirds, T-04); undefined while there is nothing to tell.
 */
export function expiryAlert({ notBeforeMs, notAfterMs }: Lifetime, nowMs: number): number | undefined {
  const lifetimeMs = notAfterMs - notBeforeMs;
  const leftMs = notAfterMs - nowMs;
  if (lifetimeMs < SHORT_LIVED_BELOW_MS) return leftMs * 6 <= lifetimeMs ? RENEWAL_OVERDUE : undefined;
  return EXPIRY_ALERT_DAYS.findLast((days) => leftMs <= days * DAY_MS);
}

/** F-35 Is one of the server's own certificates to be renewed now? */
export const isOwnRenewalDue = ({ notBeforeMs, notAfterMs }: Lifetime, nowMs: number): boolean =>
  notAfterMs - nowMs <= Math.min(OWN_RENEWAL_BEFORE_MS, (notAfterMs - notBeforeMs) / 3);

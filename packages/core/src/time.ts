/** Time is an argument (style 5). What needs a running clock takes this interface; core has none of its own. */
export interface Clock {
  /** Wall time in milliseconds since 1970-01-01T00:00:00Z. */
  nowMs(): number;
  /** For durations: never goes back, unrelated to wall time. */
  monotonicMs(): number;
  /** Resolves after the delay, or at once (still fulfilled) when the signal is aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls once after the delay; the returned function cancels. Never keeps the process alive by itself. */
  timer(delayMs: number, call: () => void): () => void;
}

/** Randomness is an argument too. */
export interface Random {
  bytes(length: number): Uint8Array;
  uuid(): string;
  /** Uniform in [0, 1). For jitter only, never for secrets. */
  fraction(): number;
}

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** `90s`, `15m`, `24h`, `7d` or a sum such as `1d12h`; undefined for anything else. */
export function parseDurationMs(raw: string): number | undefined {
  if (!/^(\d{1,9}[smhd])+$/.test(raw)) return undefined;
  let totalMs = 0;
  for (const [, count, unit] of raw.matchAll(/(\d+)([smhd])/g)) totalMs += Number(count) * UNITS[unit!]!;
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

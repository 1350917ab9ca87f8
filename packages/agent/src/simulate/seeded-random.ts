import type { Random } from '@sekisho/core/time.ts';

/**
 * Fractions that a seed repeats (mulberry32, 2^32 steps), so that a simulation spreads its agents in the same way again. IDs
 * and bytes stay those of `secrets`: they must not repeat.
 */
export function seededRandom(seed: number, secrets: Random): Random {
  let state = seed >>> 0;
  return {
    bytes: (length) => secrets.bytes(length),
    uuid: () => secrets.uuid(),
    fraction: () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

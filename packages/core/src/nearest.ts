/** Further than this many slips is another word. */
const SLIPS_MAX = 3;

/** The candidate that was most likely meant, or undefined: few slips compared with the word's length, or its beginning. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  const bare = given.replace(/^-+/, '');
  let best: { candidate: string; slips: number } | undefined;
  for (const candidate of candidates) {
    const name = candidate.replace(/^-+/, '');
    const slips = bare.length >= 2 && name.startsWith(bare) ? 1 : slipsBetween(bare, name);
    const allowed = Math.min(SLIPS_MAX, Math.floor(Math.max(bare.length, name.length) * 0.4));
    if (slips <= allowed && (best === undefined || slips < best.slips)) best = { candidate, slips };
  }
  return best?.candidate;
}

/** Damerau–Levenshtein distance (optimal string alignment): inserted, left out, wrong or swapped letters. */
export function slipsBetween(a: string, b: string): number {
  const width = b.length + 1;
  const table = new Array<number>((a.length + 1) * width).fill(0);
  const at = (i: number, j: number): number => table[i * width + j] ?? 0;
  for (let i = 0; i <= a.length; i += 1) table[i * width] = i;
  for (let j = 0; j <= b.length; j += 1) table[j] = j;
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const wrong = a[i - 1] === b[j - 1] ? 0 : 1;
      let slips = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + wrong);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        slips = Math.min(slips, at(i - 2, j - 2) + 1);
      }
      table[i * width + j] = slips;
    }
  }
  return at(a.length, b.length);
}

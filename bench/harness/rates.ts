/** CPU milliseconds of this process so far, with all of its threads. */
export function cpuMsNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** So many are done between two looks at the clock. */
const PER_LOOK = 256;

/** Does something again and again for so long; how often for each second of this process's CPU. */
export function perCpuSecond(durationMs: number, work: (n: number) => void): number {
  const before = cpuMsNow();
  const untilMs = performance.now() + durationMs;
  let done = 0;
  while (performance.now() < untilMs)
    for (let n = 0; n < PER_LOOK; n += 1) {
      work(done);
      done += 1;
    }
  return (done * 1000) / (cpuMsNow() - before);
}

/** The same with work that waits, so many at a time. */
export async function perCpuSecondAsync(
  wish: { durationMs: number; atOnce: number },
  work: (n: number) => Promise<void>,
): Promise<number> {
  const before = cpuMsNow();
  const untilMs = performance.now() + wish.durationMs;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      const n = done;
      done += 1;
      await work(n);
    }
  };
  await Promise.all(Array.from({ length: wish.atOnce }, worker));
  return (done * 1000) / (cpuMsNow() - before);
}

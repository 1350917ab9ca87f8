import { readFileSync, writeFileSync } from 'node:fs';

/** Linux counts a process's CPU in hundredths of a second (USER_HZ). */
const TICK_MS = 10;

/** CPU milliseconds that a process has used so far, all of its threads together. @source proc(5), stat */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident bytes: now, and at the highest since `resetPeak`. @source proc(5), status */
export function memoryOf(pid: number): { residentBytes: number; peakBytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return { residentBytes: kib('VmRSS') * 1024, peakBytes: kib('VmHWM') * 1024 };
}

/** From here on the peak counts anew. @source proc(5), clear_refs: 5 */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

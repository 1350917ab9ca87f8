/** Simulated agents that share one address of this machine. */
const AGENTS_PER_ADDRESS = 100;
const ADDRESSES_MAX = 0x40_00_00;

/**
 * The address that a simulated agent's connections come from. Towards this machine's own loopback (on Linux, where all of
 * 127.0.0.0/8 is this machine) agents come from different addresses, as hosts of a real fleet would: limits that a server sets for one
 * address then count as they should. Towards anywhere else the system chooses.
 */
export function sourceAddress(server: string, index: number, platform: NodeJS.Platform): string | undefined {
  if (platform !== 'linux' || !/^127\.\d+\.\d+\.\d+$/.test(server)) return undefined;
  const at = Math.floor(index / AGENTS_PER_ADDRESS) % ADDRESSES_MAX;
  return `127.${64 + (at >>> 16)}.${(at >>> 8) & 0xff}.${at & 0xff}`;
}

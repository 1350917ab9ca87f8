import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { join } from 'node:path';
import { z } from 'zod';
import { startChild, type Child } from './child.ts';
import { hostIdentity, type HostIdentity } from './host-identity.ts';
import type { Kind } from './lean-agent.ts';

const started = z.object({ port: z.int(), startMs: z.number() });
const bare = z.object({ port: z.int() });
const tls = z.object({ key: z.string(), cert: z.string(), ca: z.string() });

/** A domain with enrolled hosts on the disk, and the process that plays their agents. */
export interface AgentDomain {
  readonly identities: readonly HostIdentity[];
  readonly agents: Child;
  /** TLS material of the server, for the yardsticks. */
  readonly tls: z.infer<typeof tls>;
  /** A process with the real server on this domain. */
  startServer(): Promise<ServerChild>;
  /** A process with the yardsticks' listeners. */
  startBare(): Promise<ServerChild>;
  /** Opens a connection for each host, or for those from `first` to before `last`; how many TLS sessions were resumed. */
  connect(
    kind: Kind,
    port: number,
    how?: { resume?: boolean; atOnce?: number; first?: number; last?: number },
  ): Promise<number>;
  close(kind: Kind): Promise<void>;
  remove(): Promise<void>;
}

/** A measured process that listens. */
export interface ServerChild extends Child {
  readonly port: number;
  cpuMs(): Promise<number>;
  residentBytes(): Promise<number>;
}

/** Handshakes at a time while connections are opened. */
const AT_ONCE = 32;

/** Makes a domain in a temporary folder and enrols hosts over the real endpoint. */
export async function makeAgentDomain(hosts: number): Promise<AgentDomain> {
  const { path, remove } = await makeTempFolder();
  const dataFolder = join(path, 'server');
  const agents = startChild('agents.ts');
  const domainServer = async (): Promise<ServerChild> => {
    const child = startChild('server.ts', measuredOptions('server'));
    return listening(child, child.call('start', { dataFolder }, started));
  };
  try {
    const first = await domainServer();
    const token = await first.call('token', { usesMax: hosts }, z.string());
    const wish = { port: first.port, token, count: hosts };
    const identities = await agents.call('enrol', wish, z.array(hostIdentity));
    const material = await first.call('tls', undefined, tls);
    await first.call('stop', undefined, z.unknown());
    await first.stop();
    return {
      identities,
      agents,
      tls: material,
      startServer: domainServer,
      startBare: async () => {
        const child = startChild('server.ts', measuredOptions('bare'));
        return listening(child, child.call('startBare', material, bare));
      },
      connect: (kind, port, { resume = false, atOnce = AT_ONCE, first = 0, last } = {}) =>
        agents.call('connect', { kind, port, resume, atOnce, first, last }, z.int()),
      close: async (kind) => {
        await agents.call('close', kind, z.unknown());
      },
      remove: async () => {
        await agents.stop();
        await remove();
      },
    };
  } catch (error) {
    await agents.stop();
    await remove();
    throw error;
  }
}

/** The child once it listens; one that cannot does not stay. */
async function listening(child: Child, start: Promise<{ port: number }>): Promise<ServerChild> {
  try {
    const { port } = await start;
    return {
      ...child,
      port,
      cpuMs: () => child.call('cpuMs', undefined, z.number()),
      residentBytes: () => child.call('residentBytes', undefined, z.number()),
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** BENCH_PROFILE names a folder for CPU profiles of the measured processes. */
export function measuredOptions(name: string): { nodeOptions: string[] } {
  const folder = process.env['BENCH_PROFILE'];
  const profile = folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(folder, name)}`];
  return { nodeOptions: ['--expose-gc', ...profile] };
}

import { getAgentStatus, type agentStatus } from '@sekisho/agent/control/agent-status.ts';
import { setupAgent } from '@sekisho/agent/setup/setup-agent.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { createClient } from '@sekisho/core/wire/client.ts';
import { getHost, setHostMedia } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { socketTransport } from '@sekisho/testkit/trust-server.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SekishoProcess } from './sekisho-process.ts';
import type { SoakDomain } from './soak-domain.ts';

const HOST = '127.0.0.1';
const ONLINE_MS_MAX = 180_000;
/** What an agent logs when a heartbeat was answered by nobody (`heart.ts`). */
const UNANSWERED = 'no heartbeat was answered';
const logLine = z.object({ msg: z.string(), err: z.object({ code: z.string().optional() }).optional() });

/** A host with an agent process, files and a data folder of its own. */
export interface RealHost {
  readonly name: string;
  readonly hostId: HostId;
  readonly dataFolder: string;
  /** What is backed up. */
  readonly source: string;
  readonly process: SekishoProcess;
  /** Waits until the agent has started and the server hears it. */
  online(): Promise<void>;
  /** What the agent says of itself; undefined while it does not run. */
  status(): Promise<z.infer<typeof agentStatus> | undefined>;
}

/** Who is told of what happens to real hosts. */
export interface Hears {
  /** A heartbeat was answered by nobody. */
  readonly onRefused: (code: string) => void;
  /** An agent's process runs, and must be stopped at the end. */
  readonly onStarted: (agent: SekishoProcess) => void;
}

/** The domain that hosts are set up in. */
export type HostsDomain = Pick<SoakDomain, 'folder' | 'ports' | 'caFingerprint' | 'call' | 'token'>;

/** Sets real hosts up and starts their agents. */
export async function makeRealHosts(
  domain: HostsDomain,
  count: number,
  hears: Hears,
): Promise<{ media: RealHost; hosts: RealHost[] }> {
  await mkdir(join(domain.folder, 'logs'), { recursive: true });
  const token = await domain.token('real hosts', count + 1, true);
  const make = (name: string, media: boolean): Promise<RealHost> =>
    makeRealHost(domain, { name, media, token }, hears);
  const media = await make('media', true);
  await domain.call(setHostMedia, {
    params: { id: media.hostId },
    body: { media: true, endpoints: [{ address: HOST, port: domain.ports.media }] },
  });
  const hosts: RealHost[] = [];
  for (let n = 1; n <= count; n += 1) hosts.push(await make(`real-${n}`, false));
  return { media, hosts };
}

async function makeRealHost(
  { folder, ports, caFingerprint, call }: HostsDomain,
  wish: { name: string; media: boolean; token: string },
  { onRefused, onStarted }: Hears,
): Promise<RealHost> {
  const { name, media } = wish;
  const place = join(folder, 'hosts', name);
  const dataFolder = join(place, 'agent');
  const source = join(place, 'files');
  await mkdir(source, { recursive: true });
  const made = await setupAgent({
    dataFolder,
    server: { host: HOST, port: ports.agent },
    expectedFingerprint: caFingerprint,
    token: new Secret(wish.token),
    media,
    name,
    clock: systemClock,
    random: systemRandom,
    log: silentLog(),
  });
  if (made === undefined) throw new Error(`${name} got no certificate`);
  const { hostId } = made;
  const agent = new SekishoProcess(
    [
      ...['agent', 'run', '--data', dataFolder],
      ...(media ? ['--media-listen', `${HOST}:${ports.media}`] : []),
    ],
    join(folder, 'logs', `${name}.log`),
    (line) => {
      const refused = refusalIn(line);
      if (refused !== undefined) onRefused(refused);
    },
  );
  const control = createClient(socketTransport(() => join(dataFolder, 'run', 'agent.sock')));
  const status = (): Promise<z.infer<typeof agentStatus> | undefined> =>
    control(getAgentStatus).catch(() => undefined);
  agent.start();
  onStarted(agent);
  const host: RealHost = {
    name,
    hostId,
    dataFolder,
    source,
    process: agent,
    status,
    online: async () => {
      await eventually(
        `${name} is online`,
        async () => {
          const own = await status();
          if (own?.lastContactMs == null || own.channel !== 'open') return undefined;
          const { states } = await call(getHost, { params: { id: hostId } });
          return states.includes('online') ? true : undefined;
        },
        ONLINE_MS_MAX,
      );
    },
  };
  await host.online();
  return host;
}

/** The code of the refused heartbeat that a line of an agent's log tells of; undefined when it tells of something else. */
export function refusalIn(line: string): string | undefined {
  if (!line.includes(UNANSWERED)) return undefined;
  const parsed = logLine.safeParse(json(line));
  return parsed.success ? (parsed.data.err?.code ?? 'INTERNAL') : undefined;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

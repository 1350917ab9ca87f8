import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMsOf } from './process-stat.ts';

/** TLS material of a server and of one host. */
export interface HandshakeMaterial {
  readonly server: { readonly key: string; readonly cert: string; readonly ca: string };
  readonly host: { readonly key: string; readonly cert: string };
}

const READY_MS_MAX = 10_000;
const POLL_MS = 50;

/** `openssl s_server` with mutual TLS and these certificates: what `s_time` is measured against. */
export interface OpensslServer {
  /** `openssl s_time -new` for so long: full handshakes for each second of the server's CPU. */
  handshakesPerCpuSecond(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it on the loopback; files go into the folder. */
export async function startOpensslServer(
  folder: string,
  material: HandshakeMaterial,
): Promise<OpensslServer> {
  await mkdir(folder, { recursive: true });
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const key = await file('server.key', material.server.key);
  const cert = await file('server.pem', material.server.cert);
  const ca = await file('ca.pem', material.server.ca);
  const hostKey = await file('host.key', material.host.key);
  const hostCert = await file('host.pem', material.host.cert);
  const port = await freePort();
  const at = `127.0.0.1:${port}`;
  const server = spawn(
    'openssl',
    [
      ...['s_server', '-accept', at, '-key', key, '-cert', cert, '-CAfile', ca],
      ...['-Verify', '3', '-verify_quiet', '-quiet', '-www'],
    ],
    { stdio: 'ignore' },
  );
  try {
    await untilListening(port, server);
  } catch (error) {
    await end(server);
    throw error;
  }
  return {
    async handshakesPerCpuSecond(seconds) {
      const before = cpuMsOf(server.pid ?? 0);
      const client = spawn(
        'openssl',
        ['s_time', '-connect', at, '-new', '-time', String(seconds), '-key', hostKey, '-cert', hostCert],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      let text = '';
      client.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
      await once(client, 'close');
      const spentMs = cpuMsOf(server.pid ?? 0) - before;
      const count = Number(/^(\d+) connections in/m.exec(text)?.[1]);
      if (!(count > 0)) throw new Error(`openssl s_time made no connection: ${text}`);
      return (count * 1_000) / spentMs;
    },
    stop: () => end(server),
  };
}

async function untilListening(port: number, server: ChildProcess): Promise<void> {
  const endMs = performance.now() + READY_MS_MAX;
  for (;;) {
    if (server.exitCode !== null) throw new Error('openssl s_server ended');
    const socket = connect({ host: '127.0.0.1', port });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (performance.now() > endMs) throw new Error('openssl s_server does not listen');
    await sleep(POLL_MS);
  }
}

async function freePort(): Promise<number> {
  const held = createServer().listen(0, '127.0.0.1');
  await once(held, 'listening');
  const { port } = held.address() as AddressInfo;
  held.close();
  await once(held, 'close');
  return port;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill('SIGKILL');
  await once(server, 'exit');
}

import { createServer, connect } from 'node:net';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { findingsOf, reasonOf, type Finding } from './finding.ts';

const CONNECT_MS = 3_000;

export interface PortQuestion {
  readonly port: number;
  /** What it is for. */
  readonly what: string;
  /** The flag that chooses another one. */
  readonly flag: string;
}

/** Do the ports of a running server answer; are those of a stopped one free, and if not, who has them? */
export async function checkPorts(
  questions: readonly PortQuestion[],
  host: string | undefined,
  isRunning: boolean,
): Promise<Finding[]> {
  const { found } = findingsOf('ports');
  const findings: Finding[] = [];
  for (const { port, what, flag } of questions) {
    if (port === 0) continue;
    if (isRunning) {
      const failure = await reach(dialable(host), port);
      findings.push(
        failure === undefined
          ? found('ok', 'portServed', { port, what })
          : found('fault', 'portUnreachable', { port, what, reason: failure }),
      );
    } else if (await isFree(host, port)) findings.push(found('ok', 'portFree', { port, what }));
    else findings.push(found('fault', 'portTaken', { port, what, flag, by: await whoListens(port) }));
  }
  return findings;
}

/** Undefined when a connection came about, else why not. */
export const reach = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (reason: string | undefined): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(CONNECT_MS, () => {
      end('timeout');
    });
    socket.once('connect', () => {
      end(undefined);
    });
    socket.once('error', (error) => {
      end(reasonOf(error));
    });
  });

const dialable = (host: string | undefined): string =>
  host === undefined || host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host;

const isFree = (host: string | undefined, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

/** Name and number of the process that listens, as far as this user may know. @source proc_net_tcp, Linux */
export async function whoListens(port: number): Promise<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = (await readFile(table, 'utf8').catch(() => '')).split('\n');
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hex}`) !== true || fields[3] !== '0A') continue;
      const owner = await processOfSocket(fields[9] ?? '');
      if (owner !== undefined) return owner;
    }
  }
  return '?';
}

async function processOfSocket(inode: string): Promise<string | undefined> {
  for (const pid of await readdir('/proc').catch(() => [] as string[])) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [] as string[])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (target !== `socket:[${inode}]`) continue;
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '?')).trim();
      return `${name} (PID ${pid})`;
    }
  }
  return undefined;
}

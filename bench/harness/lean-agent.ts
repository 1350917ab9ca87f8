import { CHANNEL_PATH, type AgentFrame } from '@sekisho/core/wire/agent.ts';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { HostIdentity } from './host-identity.ts';

/** To what an agent connects: the server's channel, the bare echo of `ws`, the bare listener of `node:https`. */
export const KINDS = ['channel', 'echo', 'https'] as const;
export type Kind = (typeof KINDS)[number];

/** One connection of one host: says something, waits for the answer. */
export interface LeanAgent {
  /** It waits for an answer. */
  readonly busy: boolean;
  /** Its TLS session was an earlier one. */
  readonly resumed: boolean;
  /** A heartbeat, or a request; resolves when the answer is there. */
  say(): Promise<void>;
  end(): Promise<void>;
}

/** What the server said of its own accord to all agents here: how often, and when last (epoch milliseconds). */
export const told = { count: 0, lastMs: 0 };
/** When the channel of each host was ended by the server, by fingerprint (epoch milliseconds). */
export const cutAtMs = new Map<string, number>();

/** Newest TLS session of each host with each listener. */
const sessions = new Map<string, Buffer>();
const REQUEST = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';
/** What an agent holds that has fetched everything. */
const SERIAL = 9_000_000_000_000_000;

/** Connects with mutual TLS, as a host would; `resume` with the session of an earlier connection, if there was one. */
export async function openConnection(
  kind: Kind,
  port: number,
  identity: HostIdentity,
  { resume = false }: { resume?: boolean } = {},
): Promise<LeanAgent> {
  const name = `${kind} ${identity.fingerprint}`;
  const session = resume ? sessions.get(name) : undefined;
  const socket = connect({
    host: '127.0.0.1',
    port,
    key: identity.key,
    cert: identity.cert,
    rejectUnauthorized: false, // the whole domain is made for this run
    ...(session === undefined ? {} : { session }),
  });
  socket.on('session', (fresh) => sessions.set(name, fresh));
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  if (kind !== 'https') return channelAgent(socket, identity);
  const agent = plainAgent(socket);
  await agent.say(); // in the place of the upgrade, which is a request that is answered too
  return agent;
}

function plainAgent(socket: TLSSocket): LeanAgent {
  const answers = new Answers();
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (part: string) => {
    text += part;
    if (!text.endsWith('\r\nok')) return;
    text = '';
    answers.come();
  });
  socket.on('close', () => {
    answers.fail();
  });
  socket.on('error', () => undefined);
  return {
    get busy() {
      return answers.busy;
    },
    resumed: socket.isSessionReused(),
    say: () => answers.ask(() => socket.write(REQUEST)),
    end: async () => {
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    },
  };
}

async function channelAgent(tls: TLSSocket, identity: HostIdentity): Promise<LeanAgent> {
  const answers = new Answers();
  const bootId = identity.fingerprint.slice(0, 32);
  let seq = 0;
  const socket = new WebSocket(`ws://localhost${CHANNEL_PATH}`, {
    createConnection: () => tls,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  socket.on('message', (data: Buffer) => {
    // what the server says of its own accord ("come") is no answer
    if (data.includes('heartbeat')) answers.come();
    else {
      told.count += 1;
      told.lastMs = Date.now();
    }
  });
  socket.on('close', () => {
    cutAtMs.set(identity.fingerprint, Date.now());
    answers.fail();
  });
  await once(socket, 'open');
  socket.on('error', () => undefined);
  const frame = (): AgentFrame => ({
    type: 'heartbeat',
    seq,
    body: {
      sentAtMs: Date.now(),
      bundleGeneration: SERIAL,
      listSerial: SERIAL,
      assignmentSerial: SERIAL,
      policySerial: SERIAL,
      crlNumber: SERIAL,
      certificates: [identity.fingerprint],
      version: '0.1.0',
      bootId,
      health: [],
      spooled: 0,
    },
  });
  return {
    get busy() {
      return answers.busy;
    },
    resumed: tls.isSessionReused(),
    say: () =>
      answers.ask(() => {
        seq += 1;
        socket.send(JSON.stringify(frame()));
      }),
    end: async () => {
      const closed = once(tls, 'close');
      socket.terminate();
      if (!tls.closed) await closed;
    },
  };
}

/** One question at a time. */
class Answers {
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  get busy(): boolean {
    return this.#settle !== undefined;
  }

  ask(send: () => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      send();
    });
  }

  come(): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve();
  }

  fail(): void {
    this.#settle?.reject(new Error('the connection was closed before the answer came'));
    this.#settle = undefined;
  }
}

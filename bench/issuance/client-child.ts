/**
 * The clients, in a process of their own: one TLS connection each that is kept open, requests written out beforehand, the next sent
 * when the reply is there. Forked with the number of clients; told `prepare`, then `run` for each slice.
 */
import { createCertificateRequest } from '@sekisho/pki/csr.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { z } from 'zod';

const message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prepare'), tokens: z.array(z.string()), first: z.number() }),
  z.object({ kind: z.literal('connect'), port: z.number(), clients: z.number() }),
  z.object({ kind: z.literal('run'), requests: z.number() }),
  z.object({ kind: z.literal('stop') }),
]);

/** One request of one client, written out. */
let queue: Buffer[] = [];
let clients: Client[] = [];
/** DER of every leaf that came back, as base64 of the whole reply: checked by the parent. */
let replies: string[] = [];
let timesMs: number[] = [];

process.on('message', (raw) => {
  void take(message.parse(raw));
});
process.on('disconnect', () => process.exit(1));
process.send?.({ ready: true });

async function take(said: z.infer<typeof message>): Promise<void> {
  switch (said.kind) {
    case 'prepare':
      queue = [];
      for (const [n, token] of said.tokens.entries()) queue.push(await writeRequest(said.first + n, token));
      process.send?.({ prepared: queue.length });
      return;
    case 'connect':
      clients = await Promise.all(Array.from({ length: said.clients }, (_, n) => Client.open(said.port, n)));
      process.send?.({ connected: clients.length });
      return;
    case 'run': {
      const batch = queue.splice(0, said.requests);
      replies = [];
      timesMs = [];
      const startedMs = performance.now();
      await Promise.all(clients.map((client) => client.work(batch)));
      const wallMs = performance.now() - startedMs;
      process.send?.({ wallMs, timesMs, replies });
      return;
    }
    case 'stop':
      for (const client of clients) client.close();
      process.disconnect();
  }
}

async function writeRequest(n: number, token: string): Promise<Buffer> {
  const name = `host-${n}.bench.example`;
  const signer = fileSigner(await generatePrivateKey('p256'));
  const csr = await createCertificateRequest({ signer, commonName: name, dns: [name] });
  const body = Buffer.from(csr).toString('base64');
  const basic = Buffer.from(`token:${token}`).toString('base64');
  return Buffer.from(
    'POST /.well-known/est/simpleenroll HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/pkcs10\r\n' +
      `authorization: Basic ${basic}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}

const HEADER_END = Buffer.from('\r\n\r\n');

class Client {
  readonly #socket: TLSSocket;
  #received: Buffer[] = [];
  #settle: { resolve: (reply: Buffer) => void; reject: (error: Error) => void } | undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    const lost = (error?: Error): void =>
      this.#settle?.reject(error ?? new Error('the connection was closed'));
    socket.on('error', lost);
    socket.on('close', () => {
      lost();
    });
  }

  /** Each client comes from an address of its own: the server limits what one address may ask a minute (T-15). */
  static open(port: number, n: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const localAddress = `127.0.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`;
      const tcp = connectTcp({ host: '127.0.0.1', port, localAddress });
      tcp.once('error', reject);
      const socket = connect({ socket: tcp, rejectUnauthorized: false }); // the whole domain is made for this run
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        tcp.setNoDelay(true);
        resolve(new Client(socket));
      });
    });
  }

  async work(batch: Buffer[]): Promise<void> {
    for (;;) {
      const request = batch.pop();
      if (request === undefined) return;
      const sentMs = performance.now();
      const reply = await this.#ask(request);
      timesMs.push(performance.now() - sentMs);
      const text = reply.toString('latin1');
      if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(text.slice(0, 600));
      replies.push(text.slice(text.indexOf('\r\n\r\n') + 4));
    }
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #ask(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.write(request);
    });
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    const all = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    const end = all.indexOf(HEADER_END);
    if (end < 0) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(all.toString('latin1', 0, end + 2))?.[1];
    if (length === undefined) throw new Error('a reply without a length');
    if (all.length < end + 4 + Number(length)) return;
    this.#received = [];
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve(all);
  }
}

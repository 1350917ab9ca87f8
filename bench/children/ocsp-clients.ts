/** Those who ask OCSP over the network, in a process of their own: lean, each from an address of its own. */
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { serve } from '../harness/child.ts';

const bytes = z.instanceof(Uint8Array);
let requests: readonly Uint8Array[] = [];
let clients: readonly OcspClient[] = [];

serve({
  /** Opens so many connections that stay, and keeps what they ask. */
  connect: async (input) => {
    const wish = z.object({ port: z.int(), count: z.int(), requests: z.array(bytes) }).parse(input);
    for (const { socket } of clients) socket.destroy();
    requests = wish.requests.map((der) =>
      Buffer.concat([
        Buffer.from(
          `POST /ocsp HTTP/1.1\r\nHost: x\r\nContent-Type: application/ocsp-request\r\nContent-Length: ${der.length}\r\n\r\n`,
        ),
        der,
      ]),
    );
    clients = await Promise.all(
      Array.from({ length: wish.count }, (_, n) =>
        open(wish.port, `127.2.${n % 250}.${1 + Math.floor(n / 250)}`),
      ),
    );
  },
  /** All of them ask, again and again, until the time is over; how many answers came. */
  ask: async (input) => {
    const { durationMs } = z.object({ durationMs: z.number() }).parse(input);
    const untilMs = performance.now() + durationMs;
    let asked = 0;
    let answers = 0;
    const worker = async (client: OcspClient): Promise<void> => {
      while (performance.now() < untilMs) {
        const request = requests[asked++ % requests.length];
        if (request === undefined) return;
        await client.ask(request);
        answers += 1;
      }
    };
    await Promise.all(clients.map(worker));
    return answers;
  },
});

interface OcspClient {
  readonly socket: Socket;
  ask(request: Uint8Array): Promise<void>;
}

function open(port: number, localAddress: string): Promise<OcspClient> {
  return new Promise((resolve, reject) => {
    let settle: { done: () => void; fail: (error: Error) => void } | undefined;
    let come: Buffer = Buffer.alloc(0);
    const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true }, () => {
      resolve({
        socket,
        ask: (request) =>
          new Promise((done, fail) => {
            settle = { done, fail };
            socket.write(request);
          }),
      });
    });
    socket.on('data', (part: Buffer) => {
      come = come.length === 0 ? part : Buffer.concat([come, part]);
      const end = come.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(come.toString('latin1', 0, end))?.[1]);
      if (come.length < end + 4 + length) return;
      // SEQUENCE { ENUMERATED successful(0), …
      const isGood = come.toString('latin1', 0, 12) === 'HTTP/1.1 200' && length > 100;
      come = Buffer.alloc(0);
      if (isGood) settle?.done();
      else settle?.fail(new Error('it was refused'));
    });
    socket.on('error', reject);
    socket.on('close', () => settle?.fail(new Error('the connection was closed')));
  });
}

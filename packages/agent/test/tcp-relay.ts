import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP relay in front of a server, that can lose replies and count connections. */
export interface TcpRelay {
  readonly port: number;
  connections: number;
  /** While this says so, nothing of the server reaches the client: the connection ends instead. */
  losesReplies: () => boolean;
  /** New connections are refused at once. */
  down: boolean;
  stop(): Promise<void>;
}

export async function startTcpRelay(
  targetPort: number,
  listen: { readonly host: string; readonly port: number } = { host: '127.0.0.1', port: 0 },
): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    relay.connections += 1;
    if (relay.down) {
      client.destroy();
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    client.on('data', (part: Buffer) => upstream.write(part));
    upstream.on('data', (part: Buffer) => {
      if (relay.losesReplies()) {
        client.destroy();
        return;
      }
      client.write(part);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(listen.port, listen.host, resolve));
  const relay: TcpRelay = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    losesReplies: () => false,
    down: false,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  return relay;
}

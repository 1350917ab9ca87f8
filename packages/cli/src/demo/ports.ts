import { createServer } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** The standard ports of a domain (server and media server). */
export const STANDARD_PORTS = { agent: 13000, admin: 13291, http: 8014, media: 13002 } as const;
export type DemoPorts = Readonly<Record<keyof typeof STANDARD_PORTS, number>>;

/** The standard ports where nobody has them, else free ones. All are held at once while choosing, so none comes twice. */
export async function choosePorts(
  standard: DemoPorts = STANDARD_PORTS,
): Promise<{ ports: DemoPorts; moved: boolean }> {
  const held: { close: () => Promise<void> }[] = [];
  const take = async (wanted: number): Promise<number> => {
    const found = (await hold(wanted)) ?? (await hold(0));
    if (found === undefined) return 0;
    held.push(found);
    return found.port;
  };
  try {
    const ports = {
      agent: await take(standard.agent),
      admin: await take(standard.admin),
      http: await take(standard.http),
      media: await take(standard.media),
    };
    const moved =
      ports.agent !== standard.agent ||
      ports.admin !== standard.admin ||
      ports.http !== standard.http ||
      ports.media !== standard.media;
    return { ports, moved };
  } finally {
    for (const { close } of held) await close();
  }
}

/** Listens on a port of this machine alone; undefined when it is taken. */
function hold(port: number): Promise<{ port: number; close: () => Promise<void> } | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: LOOPBACK, port }, () => {
      const address = server.address();
      const close = (): Promise<void> => new Promise((done) => server.close(() => done()));
      resolve(typeof address === 'object' && address !== null ? { port: address.port, close } : undefined);
    });
  });
}

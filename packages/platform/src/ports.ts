import { AppError } from '@sekisho/core/errors.ts';
import type { Server } from 'node:net';

/** Listens, and turns "address in use" into words. Port 0 draws a free one; returns the port. */
export function listen(
  server: Server,
  options: { host: string; port: number; flag: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening);
      if (error.code !== 'EADDRINUSE') {
        reject(error);
        return;
      }
      reject(
        new AppError(
          'PORT_TAKEN',
          { port: options.port, address: options.host, flag: options.flag },
          { cause: error },
        ),
      );
    };
    const onListening = (): void => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    };
    server.once('error', onError);
    server.once('listening', onListening);
    server.listen({ host: options.host, port: options.port, backlog: 1024 });
  });
}

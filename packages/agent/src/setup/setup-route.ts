import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { dialTls, type DialOptions } from '../net/dial.ts';
import { describeNetworkError } from '../net/http-request.ts';
import { openTunnel } from '../net/open-tunnel.ts';
import { ServerRoute } from '../net/server-route.ts';

/** Where the server is, and what may lead there. */
export interface SetupRoute {
  readonly server: { readonly host: string; readonly port: number };
  /** T-60: media servers that are tried when the server is not reached directly. */
  readonly relays?: readonly { readonly address: string; readonly port: number }[];
  readonly clock: Clock;
  readonly log: Log;
}

type ShownAndChecked = Pick<DialOptions, 'ca' | 'identity' | 'verify'>;

/** A signal for what is never given up from outside. */
export const NEVER = new AbortController().signal;

/** The way to the server at setup: directly, or through one of the media servers that were named (T-60). */
export function routeAtSetup(
  { server, relays = [], clock, log }: SetupRoute,
  ofServer: () => ShownAndChecked,
  ofRelay: () => ShownAndChecked,
): ServerRoute {
  return new ServerRoute({
    server: `${server.host}:${server.port}`,
    relays: () => relays.map((relay) => ({ ...relay, hostId: undefined })),
    direct: (signal, timeoutMs) =>
      dialTls({ ...server, ...ofServer(), signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
    through: async (relay, signal) => {
      const over = await openTunnel(relay, server, { ...ofRelay(), signal });
      return dialTls({ ...server, ...ofServer(), signal, over });
    },
    onDirectAgain: () => undefined,
    clock,
    log,
  });
}

/** Below HTTP it is SERVER_UNREACHABLE; refusals stay what they are. */
export const reachable = (server: string, error: unknown): unknown =>
  error instanceof AppError
    ? error
    : new AppError('SERVER_UNREACHABLE', { server, detail: describeNetworkError(error) }, { cause: error });

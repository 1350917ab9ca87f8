import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';
import { canonicalName } from '@sekisho/core/rules/naming.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { AssignmentPayload } from '@sekisho/core/wire/documents.ts';
import { chainToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { OID } from '@sekisho/pki/oids.ts';
import type { MediaEvent } from '@sekisho/media/media-event.ts';
import type { PlainListener } from '@sekisho/media/http/plain-listener.ts';
import { startMediaServer, type MediaServer } from '@sekisho/media/start-media-server.ts';
import type { TunnelRoute } from '@sekisho/media/tunnel/tunnels.ts';
import { makePrivateFolder } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { createHash } from 'node:crypto';
import type { HealthBoard } from '../health.ts';
import type { Identity } from '../identity/identity-store.ts';
import { verifyClient, type TrustFacts } from '../net/verify-peer.ts';
import type { PeerDecisions } from '../names/peer-decisions.ts';
import { mayRead } from './read-grants.ts';
import type { LegacyGuests } from './legacy-guests.ts';
import type { Spool } from '../spool/spool.ts';

export const MEDIA_PORT_DEFAULT = 13_002;

/** The media server in this agent, while the signed assignment says that the host is one. */
export interface MediaRole {
  readonly server: MediaServer | undefined;
  /** The assignment or the certificate may have changed: starts, stops, or takes the new certificate. */
  reconcile(): Promise<void>;
  /** A new CRL or bundle is in force: live connections are judged again (T-42). */
  checkPeers(): void;
  /** T-31 It was decided anew who goes by these names (null: by any): live connections are asked about again. */
  namesChanged(names: readonly string[] | null): Promise<void>;
  /** T-60 The list of management servers changed: tunnels to those that left it are cut. */
  listChanged(): void;
  stop(): Promise<void>;
}

export function createMediaRole(options: {
  folder: string;
  listen: { host: string; port: number };
  assignment: () => AssignmentPayload | undefined;
  identity: () => Identity;
  trust: () => TrustFacts;
  names: () => PeerDecisions;
  /** T-50: asked about hosts without a certificate. */
  guests: LegacyGuests;
  /** T-60: where tunnels for hosts in a DMZ may end, and how the way there is opened. */
  tunnel: TunnelRoute;
  spool: Spool;
  health: HealthBoard;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  random: Random;
  log: Log;
}): MediaRole {
  const { spool, health, log } = options;
  let server: MediaServer | undefined;
  /** What is shown and trusted now: certificate and CAs. */
  let shown: string | undefined;
  let stopped = false;
  let turn: Promise<unknown> = Promise.resolve();
  /** The listener for legacy hosts, while the assignment says that there is one. */
  let plain: PlainListener | undefined;
  let plainPort: number | undefined;

  const material = () => {
    const { keyPem, chainPem } = options.identity();
    const { anchors, intermediates } = options.trust();
    return { key: keyPem, cert: chainPem, ca: [chainToPem([...anchors, ...intermediates])] };
  };

  async function begin(): Promise<void> {
    await makePrivateFolder(options.folder);
    server = await startOn(options.listen).catch((error: unknown) => {
      // A machine without IPv6 has no address to listen on for both.
      if (options.listen.host !== '::' || !isWithoutIpv6(error)) throw error;
      return startOn({ ...options.listen, host: '0.0.0.0' });
    });
    log.info({ port: server.port }, 'the media server listens');
  }

  function startOn(listen: { host: string; port: number }): Promise<MediaServer> {
    return startMediaServer({
      folder: options.folder,
      listen,
      tls: material(),
      authorize: (chain): { hostId: HostId } => ({ hostId: verifyClient(chain, options.trust()) }),
      confirm: ({ hostId, leaf }) => confirmName(options.names(), hostId, leaf),
      mayRead: (readerId, repository) =>
        mayRead(options.assignment(), { readerId, repository, nowMs: options.clock.nowMs() }),
      tunnel: options.tunnel,
      quotaBytesPerHost: () => options.assignment()?.media?.quotaBytesPerHost ?? null,
      onEvent: (event) => spoolEvent(event),
      clock: options.clock,
      random: options.random,
      log: log.child({ part: 'media' }),
      env: options.env,
    });
  }

  async function spoolEvent(event: MediaEvent): Promise<void> {
    if (event.kind === 'snapshot')
      await spool.put({ ...event, spoolId: snapshotSpoolId(event.repository, event.snapshotId) });
    else
      await spool.put({
        kind: 'event',
        spoolId: options.random.uuid(),
        event: event.event,
        atMs: event.atMs,
        detail: event.detail,
      });
  }

  /** T-50, T-51 Only while the signed assignment names a port: when it goes, every plain connection goes with it. */
  async function reconcilePlain(mayServe: boolean): Promise<void> {
    const port = mayServe && !stopped ? options.assignment()?.media?.legacyPort : undefined;
    if (port === plainPort && (port === undefined) === (plain === undefined)) return;
    options.guests.forget();
    await plain?.stop();
    if (plain !== undefined) log.warn({ port: plain.port }, 'the plain listener for legacy hosts has ended');
    plain = undefined;
    plainPort = port;
    health.set('media-legacy-failed', false);
    if (port === undefined || server === undefined) return;
    try {
      const { admit } = options.guests;
      const begin = (host: string) => server?.listenForLegacy({ listen: { host, port }, admit });
      plain = await begin(options.listen.host)?.catch((error: unknown) => {
        if (options.listen.host !== '::' || !isWithoutIpv6(error)) throw error;
        return begin('0.0.0.0');
      });
      log.warn({ port }, 'the media server listens for legacy hosts in plain');
    } catch (error) {
      // current hosts go on being served
      health.set('media-legacy-failed', true, error instanceof AppError ? error.code : String(error));
      log.error({ err: error, port }, 'the media server cannot listen for legacy hosts');
    }
  }

  async function reconcile(): Promise<void> {
    const wanted = !stopped && (options.assignment()?.media ?? null) !== null;
    const { certificate } = options.identity();
    const mayServe = certificate.extKeyUsages.includes(OID.serverAuth);
    if (!wanted && server !== undefined) {
      log.info('the media role was taken away');
      await reconcilePlain(false);
      await server.stop();
      server = undefined;
    }
    if (!wanted) return;
    server?.cutUngranted();
    if (!mayServe) {
      // The heartbeat's answer asks for a renewal with the role in it; then this is tried again.
      log.info('the certificate does not carry the media role yet');
      return;
    }
    try {
      const { key, cert, ca } = material();
      const next = [cert, ...ca].join('');
      if (server === undefined) await begin();
      else if (shown !== next) server.replaceTls({ key, cert, ca });
      shown = next;
      await reconcilePlain(true);
      health.set('media-failed', false);
    } catch (error) {
      health.set('media-failed', true, error instanceof AppError ? error.code : String(error));
      throw error;
    }
  }

  return {
    get server() {
      return server;
    },
    reconcile() {
      const result = turn.then(reconcile);
      turn = result.catch(() => undefined);
      return result;
    },
    checkPeers() {
      options.guests.forget();
      void plain?.checkAgain();
      const cut = server?.cutUnauthorized() ?? 0;
      if (cut > 0) log.warn({ cut }, 'connections of refused hosts were cut');
    },
    listChanged() {
      const cut = server?.cutUnlistedTunnels() ?? 0;
      if (cut > 0) log.warn({ cut }, 'tunnels to servers that left the list were cut');
    },
    async namesChanged(names) {
      const concerned = new Set(names);
      options.guests.forget();
      await plain?.checkAgain();
      const cut = await server?.confirmAgain(
        (leaf) => names === null || concerned.has(canonicalName(claimedName(leaf))),
      );
      if (cut !== undefined && cut > 0) log.warn({ cut }, 'connections of hosts were cut for their names');
    },
    async stop() {
      stopped = true;
      await turn;
      await server?.stop();
      server = undefined;
    },
  };
}

/** T-31 The name that a host claims: the primary one in its certificate. */
const claimedName = (leaf: Certificate): string => leaf.san.dns[0] ?? leaf.san.ips[0] ?? leaf.subjectCn ?? '';

/** Undefined: it is known that the host may go on. */
function confirmName(names: PeerDecisions, hostId: HostId, leaf: Certificate): Promise<void> | undefined {
  const peer = {
    name: claimedName(leaf),
    hostId,
    direction: 'accepted',
    fingerprint: leaf.fingerprint,
  } as const;
  return names.known(peer) === true ? undefined : names.require(peer);
}

/** The same snapshot can be in two repositories (a copy), so both make the ID; hashed, as IDs have at most 64 characters. */
export const snapshotSpoolId = (repository: RepositoryName, snapshotId: SnapshotId): string =>
  `snapshot-${createHash('sha256').update(`${repository} ${snapshotId}`).digest('hex').slice(0, 48)}`;

const isWithoutIpv6 = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL');

import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { RotationKind, RotationPath } from '@sekisho/core/rules/rotation.ts';
import type { FleetParts } from '../../context.ts';
import { KEYS_CHANGE_KEY } from '../keys/key-store.ts';
import type { RotationChange } from './rotation-change.ts';
import { confirmServer, findOpenRotation, listRotationServers, type RotationRow } from './rotation.store.ts';

export type TlsMaterial = ReturnType<FleetParts['keys']['tlsMaterial']>;
type BoardParts = Pick<FleetParts, 'clock' | 'config' | 'feed' | 'keys' | 'log' | 'store'>;

/**
 * This server process in an update: shows the TLS key that it is told to (F-39), takes changed keys, and confirms by its row what it has
 * in use. Whoever starts in the middle reads the rows first.
 */
export class RotationBoard {
  readonly #parts: BoardParts;
  #open: RotationRow | undefined;
  #tls: TlsMaterial;
  #caPem: string;
  #replace: ((tls: TlsMaterial, caPem: string) => void) | undefined;
  #changeFor: ((kind: RotationKind, path: RotationPath) => RotationChange) | undefined;
  #onChange: () => void = () => undefined;
  #turn: Promise<void> = Promise.resolve();

  private constructor(parts: BoardParts) {
    this.#parts = parts;
    this.#tls = parts.keys.tlsMaterial();
    this.#caPem = parts.keys.caPem();
  }

  /** Reads what this process is to show. The change feed runs already. */
  static async open(parts: BoardParts): Promise<RotationBoard> {
    const board = new RotationBoard(parts);
    await board.#read();
    return board;
  }

  /** The update that is under way, out of memory. */
  get current(): RotationRow | undefined {
    return this.#open;
  }

  get tls(): TlsMaterial {
    return this.#tls;
  }

  get caPem(): string {
    return this.#caPem;
  }

  /** From now on changes are followed: listeners by `replace`, confirmations by what the kind of the update says. */
  async follow(parts: {
    replace: (tls: TlsMaterial, caPem: string) => void;
    changeFor: (kind: RotationKind, path: RotationPath) => RotationChange;
    onChange: () => void;
  }): Promise<() => void> {
    this.#replace = parts.replace;
    this.#changeFor = parts.changeFor;
    this.#onChange = parts.onChange;
    const { feed } = this.#parts;
    const stop = feed.subscribeMany(
      ['rotation', 'settings'],
      async (changes) => {
        if (!changes.some(({ kind, key }) => kind === 'rotation' || key === KEYS_CHANGE_KEY)) return;
        await this.#look();
      },
      () => this.#look(),
    );
    await this.#look();
    return stop;
  }

  /** One look at a time: each ends with what was true when it began, or later. */
  #look(): Promise<void> {
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#apply());
    return this.#turn;
  }

  async #apply(): Promise<void> {
    await this.#read();
    await this.#confirm();
    this.#onChange();
  }

  async #read(): Promise<void> {
    const { config, keys, log, store } = this.#parts;
    await keys.reload(store.db);
    this.#open = await findOpenRotation(store.db);
    const mine =
      this.#open?.kind === 'tls'
        ? (await listRotationServers(store.db, this.#open.id)).find(
            ({ instanceId }) => instanceId === config.instanceId,
          )
        : undefined;
    const tls = keys.tlsMaterial(mine?.orderedKeyId ?? undefined);
    const caPem = keys.caPem();
    const isSame = tls.keyId === this.#tls.keyId && tls.cert === this.#tls.cert && caPem === this.#caPem;
    this.#tls = tls;
    this.#caPem = caPem;
    if (isSame || this.#replace === undefined) return;
    this.#replace(tls, caPem);
    log.info({ keyId: tls.keyId }, 'TLS certificate and CA certificates were swapped in the running process');
  }

  async #confirm(): Promise<void> {
    const rotation = this.#open;
    const change = rotation === undefined ? undefined : this.#changeFor?.(rotation.kind, rotation.path);
    if (rotation === undefined || change === undefined) return;
    const { clock, config, keys, store } = this.#parts;
    const { instanceId } = config;
    const shown = change.inUse({ keys, tlsKeyId: this.#tls.keyId });
    const rows = await listRotationServers(store.db, rotation.id);
    if (rows.find((row) => row.instanceId === instanceId)?.shownKeyId === shown) return;
    await store.transaction(async (tx) => {
      const confirmed = { rotationId: rotation.id, instanceId, keyId: shown, nowMs: clock.nowMs() };
      await confirmServer(tx, confirmed);
      crashPoint('rotation.confirm.before-commit');
    });
  }
}

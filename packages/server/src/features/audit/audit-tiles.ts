import { nodeHash, TREE_HASH_BYTES, type SubtreeHash } from '@sekisho/pki/merkle.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** Hashes of one tile; those of level n are over 256^n leaves each. @source C2SP tlog-tiles */
export const TILE_WIDTH = 256;
const TILE_BITS = 8;

/** Tiles as they were read, and as they grow; written back by `save`. */
export class Tiles {
  readonly #db: DbOrTx;
  readonly #tiles = new Map<string, Promise<Uint8Array[]>>();
  readonly #changed = new Map<string, { level: number; index: number }>();

  constructor(db: DbOrTx) {
    this.#db = db;
  }

  /** The hash of a complete subtree, for roots and proofs. Throws when the tiles don't hold it. */
  readonly subtree: SubtreeHash = async (level, index) => {
    const tileLevel = Math.floor(level / TILE_BITS);
    const width = 2 ** (level % TILE_BITS);
    const first = index * width;
    const tile = await this.tile(tileLevel, Math.floor(first / TILE_WIDTH));
    const offset = first % TILE_WIDTH;
    const hashes = tile.slice(offset, offset + width);
    if (hashes.length !== width) throw new MissingTileError(tileLevel, first);
    return combined(hashes);
  };

  /** The hashes of a tile; none when there is no such tile. */
  tile(level: number, index: number): Promise<Uint8Array[]> {
    const key = `${level}/${index}`;
    const held = this.#tiles.get(key) ?? readTile(this.#db, level, index);
    this.#tiles.set(key, held);
    return held;
  }

  /** Adds leaf `at`, and the hash of each tile that it completes. */
  async append(at: number, leaf: Uint8Array): Promise<void> {
    let [level, index, hash] = [0, at, leaf];
    for (;;) {
      const tileIndex = Math.floor(index / TILE_WIDTH);
      const tile = await this.tile(level, tileIndex);
      // what a forged database has beyond the signed tree is overwritten
      tile.length = index % TILE_WIDTH;
      tile.push(hash);
      this.#changed.set(`${level}/${tileIndex}`, { level, index: tileIndex });
      if (tile.length < TILE_WIDTH) return;
      hash = combined(tile);
      [level, index] = [level + 1, tileIndex];
    }
  }

  /** Writes what has grown. */
  async save(tx: Tx): Promise<void> {
    for (const [key, { level, index }] of this.#changed) {
      const hashes = Buffer.concat((await this.#tiles.get(key)) ?? []).toString('base64');
      await tx
        .insertInto('audit_tiles')
        .values({ level, idx: index, hashes })
        .onConflict((conflict) => conflict.columns(['level', 'idx']).doUpdateSet({ hashes }))
        .execute();
    }
    this.#changed.clear();
  }
}

/** The tree's stored hashes are not all there. */
export class MissingTileError extends Error {
  constructor(level: number, index: number) {
    super(`the tree has no hash ${index} of level ${level}`);
    this.name = 'MissingTileError';
  }
}

async function readTile(db: DbOrTx, level: number, index: number): Promise<Uint8Array[]> {
  const row = await db
    .selectFrom('audit_tiles')
    .select('hashes')
    .where('level', '=', level)
    .where('idx', '=', index)
    .executeTakeFirst();
  const bytes = Buffer.from(row?.hashes ?? '', 'base64');
  return Array.from({ length: Math.floor(bytes.length / TREE_HASH_BYTES) }, (_, at) =>
    bytes.subarray(at * TREE_HASH_BYTES, (at + 1) * TREE_HASH_BYTES),
  );
}

/** The hash over a power of two of neighbours. */
function combined(neighbours: readonly Uint8Array[]): Uint8Array {
  let hashes = neighbours;
  while (hashes.length > 1)
    hashes = Array.from({ length: hashes.length / 2 }, (_, at) =>
      nodeHash(hashes[2 * at]!, hashes[2 * at + 1]!),
    );
  return hashes[0]!;
}

import { parseSnapshotId, type SnapshotId } from '@sekisho/core/ids.ts';
import type { MaintenanceRequest, MaintenanceResult } from '@sekisho/media/maintenance/maintain.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fingerprintOf,
  makeFiles,
  REPOSITORY_PASSWORD,
  type MediaClient,
  type MediaDomain,
} from './media-domain.ts';
import { forgeRepository, parseMasterKey, type MasterKey } from './restic-forge.ts';

export interface RecordedPoint {
  readonly id: SnapshotId;
  readonly files: Record<string, string>;
}

/** A client with real backups, whose recovery points a test can compare byte for byte. */
export class ProtectedHost {
  readonly domain: MediaDomain;
  readonly client: MediaClient;
  readonly source: string;
  readonly points: RecordedPoint[] = [];

  private constructor(domain: MediaDomain, client: MediaClient) {
    this.domain = domain;
    this.client = client;
    this.source = join(client.folder, 'source');
  }

  /** A host whose repository is ready. */
  static async make(domain: MediaDomain): Promise<ProtectedHost> {
    const protectedHost = new ProtectedHost(domain, await domain.client());
    const { client } = protectedHost;
    const { config, key } = forgeRepository(REPOSITORY_PASSWORD);
    const at = `/${client.repository}`;
    for (const [path, body] of [
      [`${at}/?create=true`, Buffer.alloc(0)],
      [`${at}/keys/${key.id}`, key.bytes],
      [`${at}/config`, config],
    ] as const)
      assert.equal((await client.raw('POST', path, { body })).status, 200);
    client.disconnect();
    return protectedHost;
  }

  /** Changes files and backs them up. */
  async backUp(sizes: readonly number[] = [20_000, 300_000, 5, 900_000]): Promise<RecordedPoint> {
    await makeFiles(this.source, sizes);
    const backup = await this.client.restic(['backup', '--json', this.source]);
    assert.equal(backup.meaning, 'ok', backup.stderrTail.join('\n'));
    const summary = backup.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const id = parseSnapshotId(
      await this.#whole(String(summary.find((line) => line['message_type'] === 'summary')?.['snapshot_id'])),
    );
    assert.ok(id);
    const point = { id, files: await fingerprintOf(this.source) };
    this.points.push(point);
    return point;
  }

  /** Restores a point elsewhere and compares every byte. */
  async proveRestores(point: RecordedPoint): Promise<void> {
    const target = join(this.client.folder, 'restored');
    await rm(target, { recursive: true, force: true });
    const restore = await this.client.restic(['restore', point.id, '--target', target, '--no-lock']);
    assert.equal(restore.meaning, 'ok', restore.stderrTail.join('\n'));
    assert.deepEqual(await fingerprintOf(join(target, this.source)), point.files);
  }

  async proveSound(): Promise<void> {
    const check = await this.client.restic(['check', '--read-data']);
    assert.equal(check.meaning, 'ok', [...check.lines, ...check.stderrTail].join('\n'));
  }

  async snapshots(): Promise<string[]> {
    return (await this.client.restic(['list', 'snapshots', '--no-lock'])).lines.sort();
  }

  maintain(
    forget: readonly SnapshotId[],
    options: Pick<Partial<MaintenanceRequest>, 'prune' | 'signal' | 'onProgress'> = {},
  ): Promise<MaintenanceResult> {
    return this.domain.server.maintain({
      jobId: 'ab'.repeat(16),
      repository: this.client.repository,
      forget,
      prune: true,
      password: new Secret(REPOSITORY_PASSWORD),
      ...options,
    });
  }

  /** What an insider reads with the repository's password. */
  async masterKey(): Promise<MasterKey> {
    return parseMasterKey((await this.client.restic(['cat', 'masterkey', '--no-lock'])).lines.join('\n'));
  }

  /** The summary of old versions has the short ID alone. */
  async #whole(id: string): Promise<string> {
    return (await this.snapshots()).find((known) => known.startsWith(id)) ?? id;
  }
}

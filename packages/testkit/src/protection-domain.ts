import {
  parseDomainId,
  parseGroupId,
  parseHostId,
  parseListId,
  parseSnapshotId,
  type GroupId,
  type HostId,
  type JobId,
  type PlanId,
  type RepositoryName,
  type SnapshotId,
} from '@sekisho/core/ids.ts';
import { everyRight, type Principal } from '@sekisho/core/rules/rights.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import type { JobReport } from '@sekisho/core/wire/jobs.ts';
import { planSpec, type PlanSpec } from '@sekisho/core/wire/plans.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { createDefaultList } from '@sekisho/server/features/domain/server-list.ts';
import type { FleetContext, FleetDocuments } from '@sekisho/server/features/fleet/fleet-context.ts';
import { defaultFleetSettings, type FleetSettings } from '@sekisho/server/features/fleet/fleet-settings.ts';
import { nextSerial } from '@sekisho/server/store/counters.ts';
import { recordChange } from '@sekisho/server/store/record-change.ts';
import type { Store } from '@sekisho/server/store/store.ts';
import type { Tx } from '@sekisho/server/store/tables.ts';
import type { FakeClock } from './fake-clock.ts';
import { SeededRandom } from './seeded-random.ts';
import type { OpenTestStore, TestStore } from './stores.ts';
import type { HasAfter } from './temp-folder.ts';

/** An administrator with every right. */
export const ADMIN: Principal = {
  kind: 'local',
  administratorId: null,
  name: 'admin',
  origin: 'local',
  rights: everyRight(),
};

/** Documents as rows without signatures: what was said is read back as it is. */
export class PlainDocuments implements FleetDocuments {
  readonly #store: Store;
  readonly #clock: FakeClock;
  /** Set by tests that look at `latestSerial`. */
  readonly serials = new Map<string, number>();

  constructor(store: Store, clock: FakeClock) {
    this.#store = store;
    this.#clock = clock;
  }

  readonly make: FleetDocuments['make'] = async (tx, type, scope, body) => {
    const jws = JSON.stringify(body);
    const row = await tx
      .selectFrom('documents')
      .select(['serial', 'jws'])
      .where('type', '=', type)
      .where('scope', '=', scope)
      .orderBy('serial', 'desc')
      .executeTakeFirst();
    if (row?.jws === jws) return row.serial;
    const nowMs = this.#clock.nowMs();
    const serial = await nextSerial(tx, `document.${type}`, nowMs);
    await tx
      .insertInto('documents')
      .values({ type, scope, serial, content_sha256: '', jws, made_at_ms: nowMs })
      .execute();
    await recordChange(tx, 'document', `${type}/${scope}`);
    return serial;
  };

  async makeAgain(tx: Tx, type: string, scope: string): Promise<number | undefined> {
    const jws = (await this.latest(type, scope))?.jws;
    if (jws === undefined) return undefined;
    const serial = await nextSerial(tx, `document.${type}`, this.#clock.nowMs());
    await tx
      .insertInto('documents')
      .values({ type, scope, serial, content_sha256: '', jws, made_at_ms: this.#clock.nowMs() })
      .execute();
    return serial;
  }

  async latest(type: string, scope: string): Promise<{ jws: string; serial: number } | undefined> {
    return this.#store.db
      .selectFrom('documents')
      .select(['jws', 'serial'])
      .where('type', '=', type)
      .where('scope', '=', scope)
      .orderBy('serial', 'desc')
      .executeTakeFirst();
  }

  latestSerial(type: string, scope: string): number | undefined {
    return this.serials.get(`${type}/${scope}`);
  }

  /** The newest document's content. */
  async read(type: string, scope: string): Promise<Record<string, unknown>> {
    const found = await this.latest(type, scope);
    if (found === undefined) throw new Error(`no ${type} for ${scope}`);
    return JSON.parse(found.jws) as Record<string, unknown>;
  }
}

/** A domain in a real store, with hosts that need no enrolment: for tests of plans, jobs and recovery points. */
export class ProtectionDomain {
  readonly test: TestStore;
  readonly context: FleetContext;
  readonly documents: PlainDocuments;
  readonly groupId: GroupId;
  #hosts = 0;
  #snapshots = 0;
  #spooled = 0;

  private constructor(test: TestStore, settings: Partial<FleetSettings>) {
    const { store, clock } = test;
    this.test = test;
    this.documents = new PlainDocuments(store, clock);
    this.groupId = parseGroupId('00000000-0000-4000-8000-00000000aaaa')!;
    this.context = {
      clock,
      random: new SeededRandom('protection'),
      log: silentLog(),
      store,
      domainId: parseDomainId('00000000-0000-4000-8000-00000000dddd')!,
      documents: this.documents,
      secrets: {
        seal: (plaintext, context) => JSON.stringify([context, Buffer.from(plaintext).toString('hex')]),
        open: (sealed, context) => {
          const [bound, hex] = JSON.parse(sealed) as [string, string];
          if (bound !== context) throw new Error('sealed for something else');
          return Buffer.from(hex, 'hex');
        },
      },
      settings: { ...defaultFleetSettings(), ...settings },
    };
  }

  static async open(
    t: HasAfter,
    open: OpenTestStore,
    settings: Partial<FleetSettings> = {},
  ): Promise<ProtectionDomain> {
    const domain = new ProtectionDomain(await open(t), settings);
    await domain.context.store.db
      .insertInto('groups')
      .values({
        id: domain.groupId,
        parent_id: null,
        name: 'All',
        settings: '{}',
        locked: '[]',
        own_since_ms: null,
        revision: 1,
        created_at_ms: domain.nowMs,
        changed_at_ms: domain.nowMs,
      })
      .execute();
    const list = parseListId('00000000-0000-4000-8000-00000000cccc')!;
    await domain.context.store.transaction((tx) => createDefaultList(tx, list, domain.nowMs));
    return domain;
  }

  get store(): Store {
    return this.context.store;
  }

  get clock(): FakeClock {
    return this.test.clock;
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  /** A host with a certificate for a year. */
  async host(name: string, options: { media?: boolean; certificate?: boolean } = {}): Promise<HostId> {
    this.#hosts += 1;
    const id = parseHostId(`00000000-0000-4000-8000-${String(this.#hosts).padStart(12, '0')}`)!;
    await this.store.transaction(async (tx) => {
      await tx
        .insertInto('hosts')
        .values({
          id,
          num: this.#hosts,
          name,
          group_id: this.groupId,
          media_since_ms: options.media === true ? this.nowMs : null,
          media: options.media === true ? '{}' : null,
          legacy_since_ms: null,
          secure_since_ms: this.nowMs,
          reissue_until_ms: null,
          created_at_ms: this.nowMs,
        })
        .execute();
      await recordChange(tx, 'host', id);
    });
    if (options.certificate !== false) await this.certify(id);
    return id;
  }

  /** Another certificate for a host. */
  async certify(hostId: HostId): Promise<string> {
    const fingerprint = Buffer.from(this.context.random.bytes(32)).toString('hex');
    await this.store.transaction(async (tx) => {
      await tx
        .insertInto('certificates')
        .values({
          fingerprint,
          issuer_key_id: 'issuer',
          serial: fingerprint.slice(0, 32),
          host_id: hostId,
          der: '',
          not_before_ms: this.nowMs,
          not_after_ms: this.nowMs + 365 * DAY_MS,
          issued_at_ms: this.nowMs,
          intention_id: fingerprint,
          replaces: null,
          first_used_at_ms: null,
          revoke_due_at_ms: null,
          revoked_at_ms: null,
          revocation_reason: null,
          crl_shard: 0,
          renew_at_ms: null,
        })
        .execute();
      await recordChange(tx, 'certificate', fingerprint);
    });
    return fingerprint;
  }

  /** Revokes all certificates of a host. */
  async revoke(hostId: HostId, reason = 'keyCompromise'): Promise<void> {
    await this.store.transaction(async (tx) => {
      await tx
        .updateTable('certificates')
        .set({ revoked_at_ms: this.nowMs, revocation_reason: reason })
        .where('host_id', '=', hostId)
        .where('revoked_at_ms', 'is', null)
        .execute();
      await recordChange(tx, 'revocation', hostId);
    });
  }

  /** A plan's content with everything that a test does not care for. */
  spec(change: Partial<PlanSpec> & Pick<PlanSpec, 'mediaServers'>): PlanSpec {
    return planSpec.parse({
      name: 'Home folders',
      targets: { hosts: [], groups: [this.groupId] },
      paths: ['/home'],
      ...change,
    });
  }

  /** A report of a job that went well. */
  report(job: { id: JobId; planId?: PlanId | null }, change: Partial<JobReport> = {}): JobReport {
    return {
      jobId: job.id,
      kind: 'backup',
      trigger: 'manual',
      planId: job.planId ?? null,
      planRevision: 1,
      scheduleName: null,
      scheduledAtMs: null,
      attempt: 1,
      state: 'done',
      startedAtMs: this.nowMs,
      endedAtMs: this.nowMs,
      repository: null,
      mediaHostId: null,
      snapshotId: null,
      filesDone: 3,
      bytesDone: 300,
      bytesAdded: 30,
      code: null,
      params: {},
      unreadable: [],
      unreadableCount: 0,
      warnings: [],
      log: [],
      listing: null,
      forgotten: null,
      heldBack: null,
      ...change,
    };
  }

  spoolId(): string {
    this.#spooled += 1;
    return `spool-${this.#spooled}`;
  }

  jobItem(report: JobReport): SpoolItem {
    return { kind: 'job', spoolId: this.spoolId(), report };
  }

  /** What a media server says of a snapshot that it received. */
  snapshotItem(repository: RepositoryName, snapshotId: SnapshotId, receivedAtMs = this.nowMs): SpoolItem {
    return { kind: 'snapshot', spoolId: this.spoolId(), repository, snapshotId, receivedAtMs };
  }

  newSnapshotId(): SnapshotId {
    this.#snapshots += 1;
    return parseSnapshotId(this.#snapshots.toString(16).padStart(64, '0'))!;
  }
}

import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { postHeartbeat } from '@sekisho/core/wire/agent.ts';
import { getJob, listJobs, runPlan } from '@sekisho/core/wire/jobs.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import { getRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { createToken, listAudit, listCertificates, revokeHost } from '@sekisho/core/wire/trust.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { takeLease } from '@sekisho/server/store/leases.ts';
import type { Store } from '@sekisho/server/store/store.ts';
import { listWorkers } from '@sekisho/server/store/workers.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { readOrder, WireAgent } from '@sekisho/testkit/wire-agent.ts';
import { shownBy } from '@sekisho/testkit/shown-by.ts';
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { ROOT } from './root.ts';

/** Design.md, Data: a worker that cannot read the change feed for so long lets nobody in. */
const BLIND_MAX_MS = 5 * SECOND_MS;
/** For a machine with much else to do. */
const SLACK_MS = 3 * SECOND_MS;
const LEASE_MS = 180 * SECOND_MS;

/** The cable between a worker and its database: while it is cut, nothing comes through, and nobody is told. */
class Cable {
  readonly #target: string;
  readonly #ends = new Set<Socket>();
  readonly #server = createServer((near) => {
    const far = createConnection(this.#target);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#ends.delete(from);
        to.destroy();
      });
      from.pipe(to);
      if (this.#isCut) from.pause();
    }
  });
  #isCut = false;

  private constructor(target: string) {
    this.#target = target;
  }

  static async lay(t: HasAfter, target: string): Promise<Cable> {
    const cable = new Cable(target);
    cable.#server.listen(0, '127.0.0.1');
    await once(cable.#server, 'listening');
    t.after(() => {
      cable.#server.close();
      for (const end of cable.#ends) end.destroy();
    });
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const end of this.#ends) end.pause();
  }

  mend(): void {
    this.#isCut = false;
    for (const end of this.#ends) end.resume();
  }
}

const saidPorts = z.object({ ports: z.object({ agent: z.number() }) });

/** A server process of the domain that stops in the middle of something: a process of its own, its database behind a cable. */
class Sleeper {
  readonly cable: Cable;
  readonly workerId: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #store: Store;
  #asleepMs = 0;

  private constructor(parts: {
    cable: Cable;
    workerId: string;
    port: number;
    child: ChildProcess;
    store: Store;
  }) {
    this.cable = parts.cable;
    this.workerId = parts.workerId;
    this.port = parts.port;
    this.#child = parts.child;
    this.#store = parts.store;
  }

  static async start(t: HasAfter, trust: TrustServer): Promise<Sleeper> {
    const { config, store } = trust.server.context;
    const database = new URL(config.database);
    const cable = await Cable.lay(t, join(database.searchParams.get('host') ?? '', '.s.PGSQL.5432'));
    database.search = '';
    database.host = `127.0.0.1:${cable.port}`;
    const dataFolder = await trust.joined(t, database.href);
    const child = fork(join(ROOT, 'packages/server/src/testing/server-child.ts'), ['run', dataFolder], {
      stdio: 'inherit',
    });
    t.after(() => {
      child.kill('SIGKILL');
    });
    const [said] = await once(child, 'message');
    const other = (await listWorkers(store)).find(({ id }) => id !== trust.server.context.workerId);
    assert.ok(other !== undefined);
    return new Sleeper({ cable, workerId: other.id, port: saidPorts.parse(said).ports.agent, child, store });
  }

  /** A duty is this process's, as if it had been the first to take it. */
  async give(duty: string): Promise<void> {
    await this.#store.db.updateTable('leases').set({ expires_at_ms: 0 }).where('name', '=', duty).execute();
    assert.ok(await takeLease(this.#store, { name: duty, workerId: this.workerId, leaseMs: LEASE_MS }));
  }

  /** From now on it stops itself when it comes to this point. */
  async sleepAt(point: CrashPoint): Promise<void> {
    await new Promise((resolve) => this.#child.send(point, resolve));
  }

  fallAsleep(): void {
    this.#child.kill('SIGSTOP');
  }

  async asleep(): Promise<void> {
    await eventually('the process has stopped', async () =>
      (await this.#state()) === 'T' ? true : undefined,
    );
    this.#asleepMs = performance.now();
  }

  /** The others wait 15 s before they take it for dead: its last word is moved back by that. */
  async takenForDead(): Promise<void> {
    const { db } = this.#store;
    await db.updateTable('workers').set({ alive_at_ms: 0 }).where('id', '=', this.workerId).execute();
    await eventually('the other process has removed it', async () =>
      (await listWorkers(this.#store)).some(({ id }) => id === this.workerId) ? undefined : true,
    );
    const held = await db
      .selectFrom('leases')
      .select('name')
      .where('worker_id', '=', this.workerId)
      .where('expires_at_ms', '>', 0)
      .execute();
    assert.deepEqual(held, [], 'its duties are free');
  }

  /** Not before it has slept for longer than it may be blind: after less, it has until then to read the feed. */
  async wake(): Promise<void> {
    await eventually('it has slept for long enough', () =>
      performance.now() - this.#asleepMs > BLIND_MAX_MS ? true : undefined,
    );
    this.#child.kill('SIGCONT');
  }

  async isAlive(): Promise<boolean> {
    return this.#child.exitCode === null && this.#child.signalCode === null && (await this.#state()) !== 'T';
  }

  async #state(): Promise<string | undefined> {
    const stat = await readFile(`/proc/${this.#child.pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  }
}

/** The token is spent at the other process, by one host alone. */
async function spendToken(trust: TrustServer, name: string): Promise<{ secret: string; first: string }> {
  const { token } = await trust.call(createToken, { body: { name } });
  const { hostId } = await trust.enrol({ name, names: [name] }, { token });
  return { secret: token, first: hostId };
}

/** What a request with a host's certificate gets at a port: the refusal's code, or the status. */
async function ask(trust: TrustServer, port: number, agent: WireAgent): Promise<string> {
  const there = Object.assign(Object.create(trust) as TrustServer, { server: { ports: { agent: port } } });
  const answer = await there
    .agentRequest({
      method: postHeartbeat.method,
      path: postHeartbeat.path,
      body: JSON.stringify(agent.body()),
      headers: { 'content-type': 'application/json' },
      tls: agent.identity.tls,
    })
    .catch(() => undefined);
  if (answer === undefined) return 'cut';
  return answer.status === 200 ? '200' : problem.parse(JSON.parse(answer.body)).code;
}

/** Asks again and again until the host is told that it is revoked; until then nothing it asks is answered. */
async function provedRefused(trust: TrustServer, port: number, agent: WireAgent): Promise<void> {
  const answers = new Set<string>();
  const asked = async (): Promise<true | undefined> => {
    const said = await ask(trust, port, agent);
    answers.add(said);
    assert.notEqual(said, '200', 'no request of a revoked host succeeds after the wake');
    return said === 'CERTIFICATE_REVOKED' ? true : undefined;
  };
  await eventually('the revoked host is told so', asked, BLIND_MAX_MS + SLACK_MS).catch((error: unknown) => {
    throw new Error(`it was told: ${[...answers].join(', ')}`, { cause: error });
  });
}

/** Numbers of all lists that were ever published, in the order in which they were. */
async function crlNumbers(trust: TrustServer): Promise<number[]> {
  const { rows } = await trust.call(listAudit, { query: { limit: 500 } });
  return rows
    .filter(({ act }) => act === 'sign-crl')
    .map(({ seq, detail }) => ({ seq, number: Number(detail['number']) }))
    .sort((a, b) => a.seq - b.seq)
    .map(({ number }) => number);
}

async function proveNumbers(trust: TrustServer): Promise<void> {
  const numbers = await crlNumbers(trust);
  assert.ok(numbers.length > 0);
  assert.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    'each number once, and only upwards',
  );
}

const REVOKED = { reason: 'keyCompromise' } as const;

eachStore((dialect) => {
  if (dialect === 'sqlite') return; // one process has it to itself

  test('S-07 T-40 T-44 a server process that is stopped in the middle of its duties, and goes on later, doubles nothing and lets no revoked host in', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: systemClock });
    const sleeper = await Sleeper.start(t, trust);
    const { db } = trust.server.context.store;
    const media = await WireAgent.enrol(t, trust, 'media.example', { media: true });
    const bad = await Promise.all(
      ['dispatch', 'enrolment', 'list', 'switch', 'cable'].map((when) =>
        WireAgent.enrol(t, trust, `${when}.example`),
      ),
    );
    const opened = async (agent: WireAgent): Promise<WireAgent> => {
      await agent.open(sleeper.port);
      await agent.heartbeat();
      return agent;
    };

    await t.test('in mid-dispatch: the job is offered by the other process, and accepted once', async () => {
      const client = await opened(await WireAgent.enrol(t, trust, 'client.example'));
      const victim = await opened(bad[0]!);
      const plan = await trust.call(createPlan, {
        body: {
          name: 'Files',
          targets: { hosts: [client.hostId], groups: [] },
          paths: ['/srv'],
          mediaServers: [media.hostId],
        },
      });
      await sleeper.sleepAt('job-offer.before-send');
      const { jobs } = await trust.call(runPlan, {
        params: { id: plan.id },
        body: { hosts: null, scheduleName: null },
      });
      const id: JobId = jobs[0]!.id;
      await sleeper.asleep();

      const again = client.twin(t);
      await again.open();
      const { offers } = await again.heartbeat();
      assert.deepEqual(
        offers.map((jws) => readOrder(jws).jobId),
        [id],
      );
      await again.accept(id);
      await trust.call(revokeHost, { params: { id: victim.hostId }, body: REVOKED });
      const spent = await spendToken(trust, 'spent-1.example');
      await sleeper.takenForDead();
      victim.frames.length = 0;
      client.frames.length = 0;
      victim.send({ type: 'heartbeat', seq: 77, body: victim.body() });
      await sleeper.wake();
      await provedRefused(trust, sleeper.port, victim);
      await victim.closed();
      await client.closed();
      assert.deepEqual(victim.frames, [], 'nothing was said to the revoked host');
      assert.deepEqual(client.frames, [], 'the offer was not sent after the wake');
      assert.equal((await trust.call(getJob, { params: { id } })).state, 'active');
      assert.equal((await trust.call(listJobs, {})).jobs.length, 1);
      const refused = await askAwake(trust, sleeper.port, 'late.example', spent.secret);
      assert.equal(refused, 'TOKEN_REFUSED');
      again.close();
    });

    await t.test('in mid-enrolment, inside its transaction: one certificate for the token', async () => {
      const victim = await opened(bad[1]!);
      const { token, id } = await trust.call(createToken, { body: { name: 'once' } });
      await sleeper.sleepAt('issuance.intention.before-commit');
      const hanging = askAt(trust, sleeper.port, 'slow.example', token);
      await sleeper.asleep();
      // the database ends the transaction of the sleeper, which holds up all others
      const { hostId } = await trust.enrol({ name: 'quick.example', names: ['quick.example'] }, { token });
      await trust.call(revokeHost, { params: { id: victim.hostId }, body: REVOKED });
      await sleeper.takenForDead();
      await sleeper.wake();
      await provedRefused(trust, sleeper.port, victim);
      assert.notEqual(await hanging, '200');
      assert.equal(await askAwake(trust, sleeper.port, 'slow.example', token), 'TOKEN_REFUSED');
      const intentions = await db
        .selectFrom('intentions')
        .select('host_id')
        .where('token_id', '=', id)
        .execute();
      assert.deepEqual(intentions, [{ host_id: hostId }]);
      assert.equal((await trust.call(listCertificates, { query: { host: hostId } })).certificates.length, 1);
    });

    await t.test('in mid-CRL, as the holder of the duty: its number is never published', async () => {
      const victim = await opened(bad[2]!);
      await sleeper.give('trust');
      await sleeper.sleepAt('crl.signed');
      await db
        .updateTable('crl_shards')
        .set((row) => ({ revision: row('revision', '+', 1) }))
        .where('shard', '>', 0)
        .execute();
      await sleeper.asleep();
      const before = await crlNumbers(trust);
      await trust.call(revokeHost, { params: { id: victim.hostId }, body: REVOKED });
      const during = await crlNumbers(trust);
      assert.ok(during.length > before.length, 'the other process has signed');
      await sleeper.takenForDead();
      await sleeper.wake();
      await provedRefused(trust, sleeper.port, victim);
      await proveNumbers(trust);
      assert.deepEqual((await crlNumbers(trust)).slice(0, during.length), during);
    });

    await t.test(
      'F-33 F-39 in mid-switch: the other process ends the update, each step is done once, and the sleeper shows the new certificate',
      async () => {
        const victim = await opened(bad[3]!);
        const before = await shownBy(sleeper.port);
        await sleeper.give('rotation');
        await sleeper.sleepAt('rotation.switch.committed');
        const { id } = await trust.call(startRotation, { body: { kind: 'tls', emergency: 'lost' } });
        await sleeper.asleep();
        assert.equal((await trust.call(getRotation, { params: { id } })).phase, 'switching');
        await trust.call(revokeHost, { params: { id: victim.hostId }, body: REVOKED });
        await sleeper.takenForDead();
        await eventually('the update ends without the sleeper', async () =>
          (await trust.call(getRotation, { params: { id } })).endedAtMs === null ? undefined : true,
        );
        await sleeper.wake();
        await provedRefused(trust, sleeper.port, victim);
        const wanted = await shownBy(trust.server.ports.agent);
        assert.notEqual(wanted, before);
        await eventually('the sleeper shows the new certificate', async () => {
          const shown = await shownBy(sleeper.port).catch(() => undefined);
          assert.notEqual(shown, before, 'the old one is withdrawn: until it has read that, it shows none');
          return shown === wanted ? true : undefined;
        });
        const { phase, steps } = await trust.call(getRotation, { params: { id } });
        assert.equal(phase, 'done');
        assert.equal(new Set(steps.map(({ step }) => step)).size, steps.length, 'no step was done twice');
      },
    );

    await t.test(
      'with its feed cut: it lets nobody in who was revoked meanwhile, awake as it is',
      async () => {
        const victim = await opened(bad[4]!);
        sleeper.fallAsleep();
        await sleeper.asleep();
        sleeper.cable.cut();
        const cutMs = performance.now();
        await trust.call(revokeHost, { params: { id: victim.hostId }, body: REVOKED });
        const { secret } = await spendToken(trust, 'spent-2.example');
        await sleeper.wake();
        await eventually('it lets nobody in any more', async () =>
          (await ask(trust, sleeper.port, media)) === 'SERVER_STOPPING' ? true : undefined,
        );
        assert.ok(performance.now() - cutMs < BLIND_MAX_MS + SLACK_MS);
        await victim.closed();
        assert.notEqual(await ask(trust, sleeper.port, victim), '200');
        await sleeper.takenForDead();
        sleeper.cable.mend();
        await provedRefused(trust, sleeper.port, victim);
        assert.equal(await askAwake(trust, sleeper.port, 'late-2.example', secret), 'TOKEN_REFUSED');
        await eventually('others are let in again', async () =>
          (await ask(trust, sleeper.port, media)) === '200' ? true : undefined,
        );
      },
    );

    assert.ok(await sleeper.isAlive(), 'it serves on');
    await proveNumbers(trust);
  });
});

/** What a request for a certificate gets at a port. */
async function askAt(trust: TrustServer, port: number, name: string, token: string): Promise<string> {
  const there = Object.assign(Object.create(trust) as TrustServer, { server: { ports: { agent: port } } });
  const answer = await there.ask({ name, names: [name] }, { token }).catch(() => undefined);
  return String(answer?.headers['sekisho-code'] ?? answer?.status ?? 'cut');
}

/** The same from one that has just woken: it may cut everybody off once more, when it learns that it was taken for dead. */
const askAwake: typeof askAt = (trust, port, name, token) =>
  eventually('it answers', async () => {
    const said = await askAt(trust, port, name, token);
    return said === 'cut' ? undefined : said;
  });

import { isOver, type RotationKind, type RotationPhase } from '@sekisho/core/rules/rotation.ts';
import { getRotation, startRotation, type RotationView } from '@sekisho/core/wire/rotations.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { eventually, EVENTUALLY_MS } from '@sekisho/testkit/eventually.ts';
import type { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import type { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';

/** Lets the clock of a fleet run, where it is one that is moved. */
export type Tick = (ms: number) => unknown;
const TICK_MS = SECOND_MS;
/** An update has many phases. */
const UPDATE_MS_MAX = 3 * EVENTUALLY_MS;
/** While an agent is waited for, a moved clock runs this much faster than the machine does, and no more. */
const PACE_MAX = 4;

/** Runs no faster than PACE_MAX, whatever is waited for: for servers whose database is another process. */
export function pacedTick(clock: FakeClock): Tick {
  let tickedMs = performance.now();
  return (ms) => {
    const passedMs = performance.now() - tickedMs;
    tickedMs += passedMs;
    return clock.advance(Math.min(Math.ceil(PACE_MAX * passedMs), ms));
  };
}
const noTick: Tick = () => undefined;

export interface UpdateWish {
  readonly kind: RotationKind;
  readonly overlapSeconds?: number;
}

/** Starts an update of certificates; without an overlap beyond what hosts need, unless one is wanted. */
export async function beginUpdate(fleet: Fleet, wish: UpdateWish): Promise<string> {
  const { id } = await fleet.call(startRotation, { body: { overlapSeconds: 0, ...wish } });
  return id;
}

export const viewOf = (fleet: Fleet, id: string): Promise<RotationView> =>
  fleet.call(getRotation, { params: { id } });

/** The update as it is once it has come to one of these phases; one that ends in another has failed. */
export async function reaches(
  fleet: Fleet,
  id: string,
  wanted: readonly RotationPhase[],
  tick: Tick = noTick,
  look: (view: RotationView) => void = () => undefined,
): Promise<RotationView> {
  let last: RotationView | undefined;
  let tickedMs = performance.now();
  return eventually(
    `the update is ${wanted.join(' or ')}`,
    async () => {
      // a clock that is moved runs faster than agents can answer
      const passedMs = performance.now() - tickedMs;
      tickedMs += passedMs;
      await tick(
        (last?.hosts.waiting ?? 1) > 0 ? Math.min(Math.ceil(PACE_MAX * passedMs), TICK_MS) : TICK_MS,
      );
      const view = await viewOf(fleet, id);
      last = view;
      look(view);
      if (wanted.includes(view.phase)) return view;
      assert.ok(!isOver(view.phase), `it ended as ${view.phase}`);
      return undefined;
    },
    UPDATE_MS_MAX,
  ).catch((error: unknown) => {
    const { phase, waitsFor, problem, hosts, slowest, undecided } = last ?? {};
    const now = { phase, waitsFor, problem, hosts, slowest, undecided };
    throw new Error(`the update stands at ${JSON.stringify(now)}`, { cause: error });
  });
}

/** Each step of an update was done once in each direction; turns of servers, one after the other, count as one each. */
export function onceEach({ steps }: RotationView): void {
  const turn = steps.findIndex(({ step }) => step === 'roll-back');
  const said = steps.map(({ seq, step, detail }, at) => ({
    seq,
    name: `${step} ${JSON.stringify(detail['server'] ?? '')} ${turn >= 0 && at > turn ? 'back' : ''}`,
  }));
  assert.equal(new Set(said.map(({ name }) => name)).size, steps.length, JSON.stringify(steps));
}

/** The certificate that a host was given last. */
export async function leafOf(fleet: Fleet, host: string): Promise<Certificate> {
  const { certificate } = await fleet.call(getHost, { params: { id: fleet.host(host).hostId } });
  const row = await fleet.server.context.store.db
    .selectFrom('certificates')
    .select('der')
    .where('fingerprint', '=', certificate?.fingerprint ?? '')
    .executeTakeFirstOrThrow();
  return parseCertificate(Buffer.from(row.der, 'base64'));
}

/** A host is online and has a certificate of the CA that is in use. */
export const comesBack = (fleet: Fleet, host: string, tick: Tick = noTick): Promise<true> =>
  eventually(`${host} is back under the CA of now`, async () => {
    await tick(TICK_MS);
    const issuing = fleet.server.context.keys.certificateOf('issuing');
    const { states } = await fleet.call(getHost, { params: { id: fleet.host(host).hostId } });
    const leaf = await leafOf(fleet, host);
    return states.includes('online') && leaf.authorityKeyId === issuing.subjectKeyId ? true : undefined;
  });

/** These hosts are online, hold the newest bundle, list and policy, and complain of nothing. */
export async function allHoldNewest(
  fleet: Fleet,
  hosts: readonly string[],
  tick: Tick = noTick,
): Promise<void> {
  const { documents, fleet: desk } = fleet.server.context;
  for (const host of hosts) {
    let said: unknown;
    await eventually(`${host} holds what is newest`, async () => {
      await tick(TICK_MS);
      const { hostId, agent } = fleet.host(host);
      const { states, health } = await fleet.call(getHost, { params: { id: hostId } });
      const { serials, lastError } = agent.status();
      const held = [serials.bundle, serials.list];
      const newest = [
        documents.latestSerial('bundle', ''),
        documents.latestSerial('list', desk.listOf(hostId) ?? ''),
      ];
      said = { states, health, held, newest, lastError };
      const isWell = states.includes('online') && !states.includes('policy-outdated') && health.length === 0;
      return isWell && held.join() === newest.join() ? true : undefined;
    }).catch((error: unknown) => {
      throw new Error(`${host}: ${JSON.stringify(said)}`, { cause: error });
    });
  }
}

import {
  isOver,
  type Emergency,
  type RotationKind,
  type RotationPhase,
} from '@sekisho/core/rules/rotation.ts';
import {
  getRotation,
  startRotation,
  type OutsideInput,
  type RotationView,
} from '@sekisho/core/wire/rotations.ts';
import type { RotationPath } from '@sekisho/core/rules/rotation.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import type { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';

/** Lets the clock of a fleet run, where it is one that is moved. */
export type Tick = () => unknown;
const noTick: Tick = () => undefined;

export interface UpdateWish {
  readonly kind: RotationKind;
  readonly path?: RotationPath;
  readonly emergency?: Emergency;
  readonly outside?: OutsideInput;
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
  return eventually(`the update is ${wanted.join(' or ')}`, async () => {
    await tick();
    const view = await viewOf(fleet, id);
    last = view;
    look(view);
    if (wanted.includes(view.phase)) return view;
    assert.ok(!isOver(view.phase), `it ended as ${view.phase}`);
    return undefined;
  }).catch((error: unknown) => {
    const { phase, waitsFor, problem, hosts, slowest, undecided } = last ?? {};
    const now = { phase, waitsFor, problem, hosts, slowest, undecided };
    throw new Error(`the update stands at ${JSON.stringify(now)}`, { cause: error });
  });
}

/** Carries an update out to its good end. No step of it was done twice. */
export async function update(fleet: Fleet, wish: UpdateWish, tick: Tick = noTick): Promise<RotationView> {
  const done = await reaches(fleet, await beginUpdate(fleet, wish), ['done'], tick);
  onceEach(done);
  return done;
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
    await tick();
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
      await tick();
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

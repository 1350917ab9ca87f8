import { hostId } from '@sekisho/core/wire/scalars.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { callerOf } from '@sekisho/testkit/trust-server.ts';
import { z } from 'zod';
import { UNIT_YARDSTICK, type Bench, type HowToMeasure, type Sample } from '../figure.ts';
import { makeAgentDomain, type AgentDomain, type ServerChild } from '../harness/agent-domain.ts';
import { certificateOf } from '../harness/certificate-of.ts';
import type { HostIdentity } from '../harness/host-identity.ts';
import { measureOcsp, OCSP, preparedTrust } from './ocsp.ts';
import { ASKED, measureAsked } from './peer-decisions.ts';

const AGENTS = 1_000;
const AGENTS_QUICK = 300;
const RUNS = 7;
/** What two clocks of the same machine can tell apart. */
const MOMENT_SECONDS = 0.001;
/** Hosts that are revoked at once. */
const MANY = 20;

const CUT = {
  id: 'revoke-cut',
  title: 'from the revocation of a host to its last cut socket, 1,000 agents connected',
  unit: 's',
  yardstick: UNIT_YARDSTICK,
  aim: 2,
  better: 'lower',
} as const;
/** T-31, T-40, T-41: what a domain of 1,000 connected agents is asked about trust, and how fast one of them is cut off. */
export const revocation: Bench = { name: 'revocation', figures: [ASKED, ...OCSP, CUT], measure };

const cut = z.object({ cut: z.int(), lastMs: z.number() });
const told = z.object({ count: z.int(), lastMs: z.number() });

async function measure(how: HowToMeasure): Promise<Sample[]> {
  const agents = how.quick ? AGENTS_QUICK : AGENTS;
  how.say(`enrols ${agents} hosts`);
  const domain = await makeAgentDomain(agents);
  try {
    const server = await domain.startServer();
    try {
      const prepared = await server.call('prepareTrust', undefined, preparedTrust);
      how.say('asks about peers, and OCSP');
      const samples = [...(await measureAsked(server, how)), ...(await measureOcsp(server, prepared, how))];
      how.say('revokes');
      await domain.connect('channel', server.port);
      return [...samples, ...(await measureCuts(domain, server))];
    } finally {
      await server.stop();
    }
  } finally {
    await domain.remove();
  }
}

async function measureCuts(domain: AgentDomain, server: ServerChild): Promise<Sample[]> {
  const socketPath = await server.call('socketPath', undefined, z.string());
  const call = callerOf(() => socketPath);
  const hosts = domain.identities.values();
  const revoke = async (count: number): Promise<{ seconds: number; toldSeconds: number }> => {
    const those: HostIdentity[] = [];
    while (those.length < count) {
      const next = hosts.next();
      if (next.done === true) throw new Error('no host is left');
      those.push(next.value);
    }
    await domain.agents.call('told', undefined, told);
    const startedMs = Date.now();
    await Promise.all(
      those.map(({ cert }) =>
        call(revokeHost, {
          params: { id: hostId.parse(certificateOf(cert).subjectCn) },
          body: { reason: 'keyCompromise' },
        }),
      ),
    );
    const prints = those.map(({ fingerprint }) => fingerprint);
    const ended = await eventually('their channels are cut', async () => {
      const found = await domain.agents.call('cut', prints, cut);
      return found.cut === count ? found : undefined;
    });
    // the others are told of the new list
    const heard = await eventually('the others are told', async () => {
      const before = await domain.agents.call('told', undefined, told);
      return before.count === 0 && before.lastMs >= startedMs ? before : undefined;
    });
    return {
      seconds: (ended.lastMs - startedMs) / 1000,
      toldSeconds: (heard.lastMs - startedMs) / 1000,
    };
  };
  const samples: Sample[] = [];
  await revoke(1);
  for (let run = 0; run < RUNS; run += 1) {
    const one = await revoke(1);
    const many = await revoke(MANY);
    const extra = { othersToldSeconds: one.toldSeconds, twentyAtOnceSeconds: many.seconds };
    samples.push({ id: CUT.id, value: Math.max(one.seconds, MOMENT_SECONDS), yardstick: 1, extra });
  }
  return samples;
}

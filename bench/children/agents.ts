/** The load, in a process of its own: as many agents as wanted, each with its certificate, lean on purpose. */
import { z } from 'zod';
import { serve } from '../harness/child.ts';
import { enrolHosts } from '../harness/enrol-hosts.ts';
import { hostIdentity, type HostIdentity } from '../harness/host-identity.ts';
import { cutAtMs, KINDS, openConnection, told, type Kind, type LeanAgent } from '../harness/lean-agent.ts';

let identities: HostIdentity[] = [];
const open = new Map<Kind, LeanAgent[]>();
const kind = z.enum(KINDS);

serve({
  /** Enrols so many hosts over the real endpoint and keeps them. */
  enrol: async (input) => {
    identities = await enrolHosts(
      z.object({ port: z.int(), token: z.string(), count: z.int() }).parse(input),
    );
    return identities;
  },
  give: (input) => {
    identities = z.array(hostIdentity).parse(input);
  },
  /** Opens one connection for each of these hosts, so many at a time, and says one thing on it; how many sessions were resumed. */
  connect: async (input) => {
    const wish = z
      .object({
        kind,
        port: z.int(),
        resume: z.boolean(),
        atOnce: z.int(),
        first: z.int(),
        last: z.int().optional(),
      })
      .parse(input);
    const agents: LeanAgent[] = [];
    await eachOf(identities.slice(wish.first, wish.last), wish.atOnce, async (identity) => {
      const agent = await openConnection(wish.kind, wish.port, identity, { resume: wish.resume });
      await agent.say();
      agents.push(agent);
    });
    open.set(wish.kind, [...(open.get(wish.kind) ?? []), ...agents]);
    return agents.filter(({ resumed }) => resumed).length;
  },
  /** The connections say something in turn, so many at a time, until the time is over; how many answers came. */
  beat: async (input) => {
    const wish = z.object({ kind, durationMs: z.number(), atOnce: z.int() }).parse(input);
    const agents = open.get(wish.kind) ?? [];
    const untilMs = performance.now() + wish.durationMs;
    let next = 0;
    let answers = 0;
    const worker = async (): Promise<void> => {
      while (performance.now() < untilMs) {
        const agent = agents[next++ % agents.length];
        if (agent === undefined) return;
        if (agent.busy) continue;
        await agent.say();
        answers += 1;
      }
    };
    await Promise.all(Array.from({ length: wish.atOnce }, worker));
    return answers;
  },
  /** Which of these hosts' channels the server has ended, and the latest moment (epoch milliseconds). */
  cut: (input) => {
    const moments = z
      .array(z.string())
      .parse(input)
      .flatMap((fingerprint) => cutAtMs.get(fingerprint) ?? []);
    return { cut: moments.length, lastMs: Math.max(0, ...moments) };
  },
  /** What the server said of its own accord since it was last asked. */
  told: () => {
    const said = { ...told };
    told.count = 0;
    return said;
  },
  close: async (input) => {
    const ended = kind.parse(input);
    await Promise.all((open.get(ended) ?? []).map((agent) => agent.end()));
    open.delete(ended);
  },
});

async function eachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

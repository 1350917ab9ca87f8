import type { HostId, JobId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { getJob, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import { createPlan, type PlanView } from '@sekisho/core/wire/plans.ts';
import { setHostMedia } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog, type Log } from '@sekisho/platform/log.ts';
import assert from 'node:assert/strict';
import type { z } from 'zod';
import { startAgent, type AgentOptions, type RunningAgent } from '../src/main.ts';
import { setupAgent } from '../src/setup/setup-agent.ts';
import type { RealServer } from './real-server.ts';
import { until } from './until.ts';

/** A host that is media server and client, with its agent running in this process. */
export interface ProtectedHost {
  agent: RunningAgent;
  readonly hostId: HostId;
  readonly dataFolder: string;
  readonly options: AgentOptions;
  /** Saves a plan that covers this host, and waits until its agent has it. */
  plan(wish: Partial<z.input<typeof createPlan.body>> & { paths: string[] }): Promise<PlanView>;
  /** Runs a plan now; resolves with the ended job. */
  run(plan: PlanView): Promise<JobView>;
  /** Resolves when the job has ended. */
  ended(id: JobId): Promise<JobView>;
  stop(): Promise<void>;
}

export async function startProtectedHost(
  real: RealServer,
  wish: {
    dataFolder: string;
    name: string;
    media?: boolean;
    port?: number;
    clock?: Clock;
    log?: Log;
    mediaPort?: number;
    mediaUnreachableMs?: number;
  },
): Promise<ProtectedHost> {
  const clock = wish.clock ?? systemClock;
  const log = wish.log ?? silentLog();
  const media = wish.media ?? true;
  const result = await setupAgent({
    dataFolder: wish.dataFolder,
    server: { host: '127.0.0.1', port: wish.port ?? real.server.ports.agent },
    expectedFingerprint: real.caFingerprint,
    token: await real.token({ media }),
    media,
    name: wish.name,
    clock,
    random: systemRandom,
    log,
  });
  assert.ok(result);
  const { hostId } = result;
  const options: AgentOptions = {
    dataFolder: wish.dataFolder,
    clock,
    random: systemRandom,
    log,
    mediaListen: { host: '127.0.0.1', port: wish.mediaPort ?? 0 },
    ...(wish.mediaUnreachableMs === undefined ? {} : { mediaUnreachableMs: wish.mediaUnreachableMs }),
  };
  const host: ProtectedHost = {
    agent: await startAgent(options),
    hostId,
    dataFolder: wish.dataFolder,
    options,
    async plan(spec) {
      const before = host.agent.status().serials.policy;
      const plan = await real.call(createPlan, {
        body: {
          name: `plan ${systemRandom.uuid().slice(0, 8)}`,
          targets: { hosts: [hostId], groups: [] },
          mediaServers: [hostId],
          ...spec,
        },
      });
      await until('the policy reaches the agent', () => host.agent.status().serials.policy > before);
      return plan;
    },
    async run(plan) {
      const { jobs } = await real.call(runPlan, {
        params: { id: plan.id },
        body: { hosts: [hostId], scheduleName: null },
      });
      return host.ended(jobs[0]!.id);
    },
    async ended(id) {
      let job: JobView | undefined;
      await until(
        'the job ends',
        async () => {
          job = await real.call(getJob, { params: { id } });
          return job.state !== 'queued' && job.state !== 'active';
        },
        60_000,
      );
      return job!;
    },
    stop: () => host.agent.stop(),
  };
  if (media) {
    await until('the media server listens', () => host.agent.mediaPort !== undefined);
    await real.call(setHostMedia, {
      params: { id: hostId },
      body: { media: true, endpoints: [{ address: '127.0.0.1', port: host.agent.mediaPort! }] },
    });
    await until('the policy names it', () => host.agent.status().serials.policy > 0);
  }
  return host;
}

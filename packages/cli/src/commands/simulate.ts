import { SIMULATED_AGENTS_MAX } from '@sekisho/core/limits.ts';
import type { RunningSimulation, SimulationSummary } from '@sekisho/agent/simulate/simulate.ts';
import { AppError, fill } from '@sekisho/core/errors.ts';
import { ROTATION_KINDS } from '@sekisho/core/rules/rotation.ts';
import { HOUR_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { RotationView } from '@sekisho/core/wire/rotations.ts';
import { getDomain } from '@sekisho/core/wire/trust.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { note, type Cli, type VerbResult } from '../cli.ts';
import { serverData } from '../client/data-folder.ts';
import { openServer, withServer } from '../client/open-server.ts';
import { EXIT } from '../exit-codes.ts';
import { choice, durationMs, number, numberOr, on, parseEndpoint, text, type Endpoint } from '../flag.ts';
import { readToken } from '../input/read-token.ts';
import { startOwnServer } from '../simulate/own-server.ts';
import { createSimulationDisplay } from '../simulate/progress.ts';
import { revokeSimulated } from '../simulate/revoke-simulated.ts';
import { rotateFleet, type FleetRotation } from '../simulate/rotate-fleet.ts';
import { summaryText } from '../simulate/summary-text.ts';
import { defineVerb } from '../verb.ts';

const AGENT_PORT_DEFAULT = 13_000;
const SEED_MAX = 999_999_999;
/** Agents that begin in a second, unless --spread says otherwise: a real fleet does not come in one moment either. */
const BEGIN_PER_SECOND = 50;
const HEARTBEAT_DEFAULT_MS = 5 * SECOND_MS;
const DURATION_DEFAULT_MS = 50 * SECOND_MS;
/** An update of certificates that takes longer is not waited for. */
const ROTATION_DEFAULT_MS = HOUR_MS;

/** `simulate` (S-10): many agents in this process. Exit code 0 only when none was lost. */
export const simulateVerb = defineVerb({
  path: 'simulate',
  args: {},
  flags: {
    server: text('--server <host:port>'),
    caFingerprint: text('--ca-fingerprint <hex>'),
    tokenFile: text('--token-file <file>'),
    tokenEnv: text('--token-env <variable>'),
    agents: numberOr('--agents <n>', 1, SIMULATED_AGENTS_MAX, 100),
    heartbeat: { ...durationMs('--heartbeat <time>', '1s', '1h'), defaultText: '5s' },
    duration: { ...durationMs('--duration <time>', '1s', '30d'), defaultText: '50s' },
    spread: durationMs('--spread <time>', '0s', '1d'),
    seed: number('--seed <n>', 0, SEED_MAX),
    enrolRate: number('--enrol-rate <n>', 1, 100_000),
    jobsPerHour: numberOr('--jobs-per-hour <n>', 0, 10_000_000, 0),
    rotate: choice('--rotate <kind>', ROTATION_KINDS),
    cleanup: on('--cleanup'),
    data: serverData,
  },
  examples: {
    plain: 'sekisho simulate --agents 100 --heartbeat 5s --duration 10s',
    server:
      'sekisho simulate --server backup.example.com:13000 --ca-fingerprint HEX --token-file token.txt --agents 1000 --heartbeat 5m --duration 20m',
    rotate: 'sekisho simulate --agents 1000 --heartbeat 10s --rotate tls --json',
    cleanup:
      'sekisho simulate --server 127.0.0.1:13000 --ca-fingerprint HEX --token-file token.txt --agents 200 --cleanup',
  },
  run: async ({ cli, flags }) => {
    const heartbeatMs = flags.heartbeat ?? HEARTBEAT_DEFAULT_MS;
    const seed = flags.seed ?? Math.floor(cli.io.random.fraction() * SEED_MAX);
    const given = await givenServer(cli, flags);
    const administers = flags.cleanup || flags.rotate !== undefined;
    if (administers && given !== undefined) await requireAdministration(cli, flags.data);
    const { requireOpenFiles } = await import('@sekisho/agent/simulate/open-files.ts');
    requireOpenFiles(flags.agents);
    const { simulate } = await import('@sekisho/agent/simulate/simulate.ts');
    const stopping = new AbortController();
    const release = cli.io.onStop(() => stopping.abort());
    const display = createSimulationDisplay(cli);
    const { signal } = stopping;
    const own =
      given === undefined
        ? await startOwnServer(cli, { agents: flags.agents, heartbeatMs, signal }).catch((error: unknown) => {
            release();
            throw error;
          })
        : undefined;
    const target = given ?? own;
    if (target === undefined) return noServer();
    let summary: SimulationSummary;
    let rotation: FleetRotation | undefined;
    let seen: RotationView | undefined;
    const { rotate } = flags;
    const during = async (running: RunningSimulation): Promise<void> => {
      if (rotate === undefined) return;
      const admin = given === undefined ? undefined : await openServer(cli, flags.data);
      try {
        rotation = await rotateFleet({
          call: admin?.call ?? own?.call ?? noServer(),
          kind: rotate,
          agents: flags.agents,
          heartbeatMs,
          running,
          clock: cli.io.clock,
          onView: (view) => {
            seen = view;
          },
        });
      } finally {
        await admin?.close();
      }
    };
    try {
      summary = await simulate({
        server: { host: target.endpoint.address, port: target.endpoint.port },
        expectedFingerprint: target.caFingerprint,
        token: target.token,
        agents: flags.agents,
        heartbeatMs,
        durationMs: flags.duration ?? (rotate === undefined ? DURATION_DEFAULT_MS : ROTATION_DEFAULT_MS),
        ...(rotate === undefined ? {} : { during }),
        spreadMs: flags.spread ?? Math.max(heartbeatMs, (flags.agents * SECOND_MS) / BEGIN_PER_SECOND),
        seed,
        enrolPerSecond: flags.enrolRate,
        jobsPerHour: flags.jobsPerHour,
        signal,
        onEnrolled: async (hosts) => {
          if (flags.jobsPerHour > 0) await own?.makePlan(hosts);
        },
        onProgress: (progress) => {
          display.update(progress, seen);
        },
        clock: cli.io.clock,
        random: cli.io.random,
      });
    } finally {
      display.clear();
      try {
        await own?.stop();
        if (flags.cleanup && given !== undefined) await cleanUp(cli, flags.data, seed);
      } finally {
        release();
      }
    }
    if (given !== undefined && !flags.cleanup) note(cli, fill(cli.words.simulate.seedNext, { seed }));
    return resultOf(cli, summary, rotation);
  },
});

interface GivenServer {
  readonly endpoint: Endpoint;
  readonly caFingerprint: string;
  readonly token: Secret;
}

/** The server that the command line names, with all that it needs; undefined: the simulation makes its own. */
async function givenServer(
  cli: Cli,
  flags: {
    readonly server: string | undefined;
    readonly caFingerprint: string | undefined;
    readonly tokenFile: string | undefined;
    readonly tokenEnv: string | undefined;
  },
): Promise<GivenServer | undefined> {
  const token = await readToken(cli, { file: flags.tokenFile, env: flags.tokenEnv });
  const parts = [
    ['--server <host:port>', flags.server],
    ['--ca-fingerprint <hex>', flags.caFingerprint],
    ['--token-file <file>', token],
  ] as const;
  if (parts.every(([, value]) => value === undefined)) return undefined;
  const missing = parts.find(([, value]) => value === undefined);
  if (
    missing !== undefined ||
    flags.server === undefined ||
    flags.caFingerprint === undefined ||
    token === undefined
  )
    throw new AppError('USAGE_OPTION_MISSING', {
      command: 'sekisho simulate',
      option: missing?.[0] ?? '--server <host:port>',
      help: 'sekisho simulate --help',
    });
  const { parseFingerprint } = await import('@sekisho/agent/setup/fingerprint.ts');
  return {
    endpoint: parseEndpoint(flags.server, '--server', AGENT_PORT_DEFAULT),
    caFingerprint: parseFingerprint(flags.caFingerprint),
    token,
  };
}

/** Before anything is enrolled: whoever asks for a clean-up or an update must be able to do it. */
async function requireAdministration(cli: Cli, data: string | undefined): Promise<void> {
  const server = await openServer(cli, data);
  try {
    await server.call(getDomain);
  } finally {
    await server.close();
  }
}

function noServer(): never {
  throw new Error('neither a given server nor one of its own');
}

const cleanUp = (cli: Cli, data: string | undefined, seed: number): Promise<void> =>
  withServer(cli, data, async ({ call }) => {
    const revoked = await revokeSimulated(call, seed);
    note(cli, fill(cli.words.simulate.cleaned, { hosts: cli.format.counted('host', revoked) }));
  });

/** With an update: it must be done too, and every agent hold the newest generation. */
function resultOf(cli: Cli, summary: SimulationSummary, rotation: FleetRotation | undefined): VerbResult {
  const updated =
    rotation === undefined || (rotation.end === 'done' && summary.onNewestGeneration === summary.agents);
  const passed = summary.lost === 0 && updated;
  return {
    json:
      rotation === undefined
        ? summary
        : {
            ...summary,
            missedHeartbeatsMax: rotation.missedHeartbeatsMax,
            rotation: { kind: rotation.kind, id: rotation.id, path: rotation.path, end: rotation.end },
            secondsTotal: rotation.seconds,
          },
    bare: String(summary.lost),
    text: summaryText(cli, summary, rotation),
    exitCode: summary.interrupted ? EXIT.interrupted : passed ? EXIT.done : EXIT.failed,
  };
}

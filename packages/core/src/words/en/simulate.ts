/** The help of `sekisho simulate`. */
export const simulateVerbs = {
  simulate: {
    summary: 'Run any number of agents against a server, to plan capacity',
    args: {},
    flags: {
      server: 'management server; without it a server is made for the simulation and removed afterwards',
      caFingerprint: 'CA fingerprint of that server',
      tokenFile: 'file with a token that is good for so many hosts; - reads standard input',
      tokenEnv: 'environment variable that holds the token',
      agents: 'how many agents',
      heartbeat: 'time between two heartbeats of an agent',
      duration: 'how long to measure, once all agents have begun',
      spread: 'agents begin within this (default: one heartbeat, and no more than 50 a second)',
      seed: 'number that names the hosts and repeats how they spread (default: drawn)',
      enrolRate: 'certificates a second at most',
      jobsPerHour: 'finished runs that all agents together report in an hour',
      cleanup: 'afterwards revoke all simulated hosts of this seed (through the local server)',
      data: 'data folder of the local server, for --cleanup',
    },
    examples: {
      plain: 'What does a server on this machine bear?',
      server: 'Against a test server, with a token for 1,000 hosts',
      cleanup: 'On the server itself, leaving no valid certificate behind',
    },
  },
};

/** What `sekisho simulate` says. */
export const simulate = {
  makingServer: 'Making a server for the simulation …',
  waitingServer: 'the server of the simulation answers',
  enrolling: 'Getting certificates: {done} of {total}',
  connecting: 'Agents begin: {done} of {total}, {connected} connected',
  running: 'Measuring: {done} of {total}, {connected} connected',
  lastWords: 'The last words of "{process}":',
  cleaned: 'Revoked: {hosts}.',
  seedNext: 'The hosts are named sim-{seed}-…; their certificates stay valid until they are revoked.',
  passed: 'No agent was lost.',
  failed: '{lost} of {agents} agents were lost.',
  interrupted: 'Interrupted: this is what was measured until then.',
  columns: {
    agents: 'Agents',
    enrolled: 'Certificates',
    connected: 'Connected at the end',
    lost: 'Lost',
    heartbeats: 'Heartbeats answered',
    missed: 'Heartbeats missed',
    reconnects: 'Reconnections',
    latency: 'Answer after',
    jobs: 'Jobs reported',
    documents: 'Documents acknowledged',
    errors: 'Errors',
    memory: 'Memory of the simulation',
  },
  rate: '{count} ({rate} a second)',
  missedOf: '{missed} (at most {most} by one agent)',
  percentiles: '{p50} ms (half), {p99} ms (99 of 100), {max} ms (all)',
};

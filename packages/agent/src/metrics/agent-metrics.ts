import { DAY_MS, SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { AgentStatus } from '../control/agent-status.ts';

type Gauge = readonly [name: string, help: string, value: (status: AgentStatus, nowMs: number) => number];

/** Every metric of an agent; all are gauges, read off its status. No I/O. */
export const AGENT_METRICS: readonly Gauge[] = [
  [
    'sekisho_agent_channel_open',
    'Is the channel to the management server open?',
    ({ channel }) => (channel === 'open' ? 1 : 0),
  ],
  [
    'sekisho_agent_contact_age_seconds',
    'Seconds since the management server answered; -1: not since the start.',
    ({ lastContactMs }, nowMs) => (lastContactMs === null ? -1 : (nowMs - lastContactMs) / SECOND_MS),
  ],
  [
    'sekisho_agent_certificate_days_left',
    "Days until the host's certificate ends; -1: it has none.",
    ({ certificate }, nowMs) =>
      certificate === null ? -1 : Math.floor((certificate.notAfterMs - nowMs) / DAY_MS),
  ],
  ['sekisho_agent_spooled_reports', 'Reports that wait for the management server.', ({ spooled }) => spooled],
  [
    'sekisho_agent_jobs_running',
    'Jobs that run now.',
    ({ jobs }) => jobs.filter(({ waiting }) => !waiting).length,
  ],
  [
    'sekisho_agent_jobs_waiting',
    'Jobs that wait for their turn.',
    ({ jobs }) => jobs.filter(({ waiting }) => waiting).length,
  ],
  [
    'sekisho_agent_health_findings',
    'Things that the agent reports as not in order.',
    ({ health }) => health.length,
  ],
  [
    'sekisho_agent_media_serving',
    'Does this host serve as a media server now?',
    ({ media }) => (media?.port == null ? 0 : 1),
  ],
];

/** What a metrics listener serves for an agent, in Prometheus' text format. */
export const agentMetrics = (
  status: () => AgentStatus,
  clock: Clock,
): { readonly contentType: string; text(): Promise<string> } => ({
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: () => {
    const [now, nowMs] = [status(), clock.nowMs()];
    const lines = AGENT_METRICS.flatMap(([name, help, value]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      `${name} ${value(now, nowMs)}`,
    ]);
    const { rss } = process.memoryUsage();
    const memory = [
      '# HELP process_resident_memory_bytes Memory of the process.',
      '# TYPE process_resident_memory_bytes gauge',
    ];
    return Promise.resolve([...lines, ...memory, `process_resident_memory_bytes ${rss}`, ''].join('\n'));
  },
});

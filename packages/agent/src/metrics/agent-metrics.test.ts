import { DAY_MS } from '@sekisho/core/time.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentStatus } from '../control/agent-status.ts';
import { AGENT_METRICS, agentMetrics } from './agent-metrics.ts';

test('S-08 an agent tells its metrics in the text format, one sample each', async () => {
  const clock = new FakeClock();
  const fingerprint = 'ab'.repeat(32);
  const nowMs = clock.nowMs();
  const status = agentStatus.parse({
    ...{
      running: true,
      version: '0.1.0',
      name: 'web1',
      server: { host: 'a', port: 13_000 },
      notDeployed: null,
      relay: null,
    },
    ...{ hostId: null, domainId: null, channel: 'open', lastContactMs: nowMs - 2_000, lastError: null },
    certificate: { fingerprint, serial: '1', notBeforeMs: 0, notAfterMs: nowMs + 3 * DAY_MS, renewFromMs: 0 },
    serials: { bundle: 0, list: 0, assignment: 0, policy: 0, crl: 0 },
    ...{ spooled: 4, jobs: [], health: [], media: null, settings: { allowCommands: false } },
  });
  const text = await agentMetrics(() => status, clock).text();
  for (const [name] of AGENT_METRICS)
    assert.match(text, new RegExp(`^# HELP ${name} .+\n# TYPE ${name} gauge\n${name} -?[0-9.]+$`, 'm'));
  assert.match(text, /^sekisho_agent_spooled_reports 4$/m);
  assert.match(text, /^sekisho_agent_certificate_days_left 3$/m);
  assert.match(text, /^sekisho_agent_contact_age_seconds 2$/m);
});

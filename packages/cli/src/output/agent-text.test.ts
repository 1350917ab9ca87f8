import { agentStatus, type AgentStatus } from '@sekisho/agent/control/agent-status.ts';
import { HEALTH_CODES } from '@sekisho/core/wire/health-codes.ts';
import type { Language } from '@sekisho/core/language.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cli } from '../cli.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { cliFor } from '../testing/test-cli.ts';
import { agentStatusText, healthText } from './agent-text.ts';

const cliIn = (language: Language): Cli => cliFor(fakeTerminal(), language);

const base: AgentStatus = agentStatus.parse({
  running: true,
  version: '1',
  name: 'laptop',
  server: { host: 'backup.example', port: 13_000 },
  notDeployed: null,
  hostId: null,
  domainId: null,
  certificate: null,
  channel: 'closed',
  relay: null,
  lastContactMs: null,
  lastError: null,
  serials: { bundle: 1, list: 1, assignment: 1, policy: 1, crl: 1 },
  spooled: 0,
  jobs: [],
  health: [],
  media: null,
  settings: { allowCommands: false },
});
const untrusted = {
  server: 'backup.example:13000',
  code: 'PEER_CHAIN_UNTRUSTED',
  params: { subject: 'CN=backup', detail: 'x' },
};
const orphaned: AgentStatus = {
  ...base,
  health: [{ code: 'orphaned', detail: 'backup.example:13000: PEER_CHAIN_UNTRUSTED' }],
  refusedServers: [untrusted],
};

test('F-05 F-13 agent status of an orphaned agent says in both languages whom it refuses, why, and by which command it is repaired', () => {
  const en = agentStatusText(cliIn('en'), orphaned, '/var/lib/sekisho').join('\n');
  assert.match(
    en,
    /it refuses the certificate of a management server \(orphaned: backup\.example:13000: PEER_/,
  );
  assert.match(en, /\nbackup\.example:13000:\n {2}error: .*\(PEER_CHAIN_UNTRUSTED\)\n {2}hint: /);
  assert.match(en, /sekisho agent repair FILE/);
  const ja = agentStatusText(cliIn('ja'), orphaned, '/var/lib/sekisho').join('\n');
  assert.match(ja, /管理サーバーの証明書を拒否しています \(orphaned: backup\.example:13000: PEER_/);
  assert.match(ja, /\nbackup\.example:13000:\n {2}error: .*\(PEER_CHAIN_UNTRUSTED\)\n {2}hint: /);
  assert.match(ja, /sekisho agent repair ファイル/);
});

test('F-05 what stands as the reason of the last error is not said twice', () => {
  const status = { ...orphaned, lastError: untrusted };
  const text = agentStatusText(cliIn('en'), status, '/x').join('\n');
  assert.equal(text.split('  error: ').length, 2);
  assert.match(text, /\nbackup\.example:13000:\n {2}PEER_CHAIN_UNTRUSTED\n/);
});

test('F-02 every health code has words in both languages; one that is not known stands as it is', () => {
  for (const language of ['en', 'ja'] as const)
    for (const code of HEALTH_CODES) assert.match(healthText(cliIn(language), code), /^.{5,} \([a-z-]+\)$/);
  assert.equal(healthText(cliIn('en'), 'of-another-time', 'detail'), 'of-another-time: detail');
});

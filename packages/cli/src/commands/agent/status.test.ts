import { listenOnControlSocket } from '@sekisho/agent/control/control-socket.ts';
import { baseStatus } from '@sekisho/agent/control/read-status.ts';
import { dataFolderAt } from '@sekisho/agent/data-folder.ts';
import type { AgentSettings } from '@sekisho/agent/settings.ts';
import { parseDomainId, parseHostId, parseServerId } from '@sekisho/core/ids.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../main.ts';
import { fakeTerminal } from '../../testing/fake-terminal.ts';

const ID = '0f4c2b1e-6d1f-4b7a-9c55-1f2e3d4c5b6a';
const settings: AgentSettings = {
  version: 1,
  name: 'web-01.example.com',
  names: [],
  media: false,
  server: { host: 'manage.example.com', port: 13_000 },
  keyAlgorithm: 'p256',
  state: {
    is: 'deployed',
    hostId: parseHostId(ID)!,
    domainId: parseDomainId(ID)!,
    serverId: parseServerId(ID)!,
  },
  allowCommands: false,
  mediaFolder: null,
};

test('T-40 the status of an agent that its server refuses says why, and exits with 1', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'sekisho-cli-'));
  await writeFile(join(data, 'agent.json'), '{}');
  const folder = dataFolderAt(data);
  let lastError: { code: string; params: Record<string, string> } | null = null;
  const unused = () => Promise.reject(new Error('not asked for here'));
  const acts = {
    status: () => ({
      ...baseStatus(folder, settings, undefined, { renewAtMs: () => undefined }),
      running: true,
      channel: 'closed' as const,
      lastError,
    }),
    setSettings: unused,
    renew: unused,
    heartbeat: unused,
    ask: unused,
    repair: unused,
    reportPackage: unused,
  };
  const control = await listenOnControlSocket(folder, () => acts, silentLog());
  t.after(async () => {
    await control.close();
    await rm(data, { recursive: true });
  });
  const status = async () => {
    const terminal = fakeTerminal({ env: { LANG: 'C.UTF-8' } });
    return {
      exitCode: await runCli(['agent', 'status', '--data', data], terminal.io),
      text: terminal.stdout(),
    };
  };
  assert.equal((await status()).exitCode, 0);
  lastError = { code: 'CERTIFICATE_REVOKED', params: {} };
  const refused = await status();
  assert.equal(refused.exitCode, 1);
  assert.match(refused.text, /error: .*\(CERTIFICATE_REVOKED\)\n +hint: /);
});

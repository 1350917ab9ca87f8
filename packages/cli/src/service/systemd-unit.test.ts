import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemdUnit } from './systemd-unit.ts';

const PACKAGED = join(import.meta.dirname, '../../../../packaging/systemd');
const USUAL = {
  server: { program: '/usr/bin/sekisho', data: '/var/lib/sekisho/server' },
  agent: { program: '/usr/bin/sekisho', data: '/var/lib/sekisho/agent' },
} as const;

for (const role of ['server', 'agent'] as const) {
  test(`S-08 the packaged unit of the ${role} is what the program prints`, async () => {
    assert.equal(
      await readFile(join(PACKAGED, `sekisho-${role}.service`), 'utf8'),
      systemdUnit(role, USUAL[role]),
    );
  });
}

test('S-08 units are hardened, and name the folders that they were given', () => {
  const server = systemdUnit('server', { program: '/opt/se kisho', data: '/data/100%', kekFile: '/etc/kek' });
  assert.match(server, /^ExecStart="\/opt\/se kisho" server run --data \/data\/100%%$/m);
  assert.match(server, /^LoadCredential=sekisho-kek:\/etc\/kek$/m);
  for (const line of ['NoNewPrivileges=yes', 'ProtectSystem=strict', 'CapabilityBoundingSet=', 'UMask=0077'])
    assert.ok(server.split('\n').includes(line), line);
  assert.ok(systemdUnit('agent', USUAL.agent).includes('NoNewPrivileges=yes'));
});

test('S-08 systemd itself finds no fault with the units', async (t) => {
  const known = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
  if (known.error !== undefined) {
    t.skip('systemd-analyze is not on this machine');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-unit-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const program = join(folder, 'sekisho');
  await writeFile(program, '#!/bin/sh\n');
  await chmod(program, 0o755);
  for (const role of ['server', 'agent'] as const) {
    const path = join(folder, `sekisho-${role}.service`);
    await writeFile(path, systemdUnit(role, { program, data: folder, kekFile: join(folder, 'kek') }));
    const said = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
    const ours = `${said.stdout}${said.stderr}`
      .split('\n')
      .filter((line) => line.includes(`sekisho-${role}`));
    assert.deepEqual(ours, []);
  }
});

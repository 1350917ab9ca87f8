import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { parseJobId, repositoryName } from '@sekisho/core/ids.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Identity } from '../identity/identity-store.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import { createRepositoryPasswords } from './password-cache.ts';

const jobId = parseJobId('ab'.repeat(16))!;

async function bench(t: TestContext, place = 'secrets') {
  const folder = join(await tempFolder(t), place);
  const authority = await TestAuthority.create({ nowMs: Date.UTC(2026, 0, 1) });
  const identities: Identity[] = [];
  for (let count = 0; count < 2; count += 1) identities.push(await authority.host());
  const [before, after] = identities as [Identity, Identity];
  const state = { identity: before, away: undefined as ErrorCode | undefined };
  const repository = repositoryName(before.hostId, 1);
  const open = () =>
    createRepositoryPasswords({
      folder,
      server: {
        call: () =>
          state.away === undefined
            ? Promise.resolve({ password: 'from the server' })
            : Promise.reject(new AppError(state.away, {} as never)),
      } as unknown as ServerConnection,
      identity: () => state.identity,
      log: silentLog(),
    });
  return { folder, state, before, after, repository, open };
}

const away: ErrorCode[] = ['SERVER_UNREACHABLE', 'SERVER_REPLY_UNUSABLE', 'SERVER_STOPPING', 'INTERNAL'];
test('P-12 while the server decides nothing the stored password serves, also after a restart; its refusal holds', async (t) => {
  const b = await bench(t);
  await b.open().get(b.repository, jobId);
  for (const code of away) {
    b.state.away = code;
    assert.equal((await b.open().get(b.repository, jobId)).reveal(), 'from the server', code);
  }
  b.state.away = 'CERTIFICATE_REVOKED';
  await assert.rejects(b.open().get(b.repository, jobId), { code: 'CERTIFICATE_REVOKED' });
});

test('P-12 T-04 after a renewal every stored password opens with the new key, also one that nobody asked for since the start', async (t) => {
  const b = await bench(t);
  await b.open().get(b.repository, jobId);
  b.state.away = 'SERVER_UNREACHABLE';
  const restarted = b.open();
  b.state.identity = b.after;
  await restarted.identityChanged(b.before);
  assert.equal((await b.open().get(b.repository, jobId)).reveal(), 'from the server');
  b.state.identity = b.before;
  await assert.rejects(b.open().get(b.repository, jobId), { code: 'SERVER_UNREACHABLE' });
});

test('P-11 a password that cannot be stored still serves the run that asked for it', async (t) => {
  const b = await bench(t);
  await writeFile(b.folder, 'a file where the folder belongs');
  const passwords = b.open();
  assert.equal((await passwords.get(b.repository, jobId)).reveal(), 'from the server');
  await passwords.identityChanged(b.before);
});

import { fakeRoute, startFakeServer } from '../../testing/fake-server.ts';
import { fakeTerminal } from '../../testing/fake-terminal.ts';
import { sampleRoutes } from '../../testing/sample-domain.ts';
import { endedJob } from '../../testing/sample-jobs.ts';
import { runCli } from '../../main.ts';
import { browsePoint } from '@sekisho/core/wire/points.ts';
import { getJob } from '@sekisho/core/wire/jobs.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

test('S-01 browsing quietly prints one path a line, with nothing in it that a terminal would obey', async (t) => {
  const job = endedJob('aaaa', { kind: 'browse' });
  const entry = { kind: 'file', bytes: 1, modifiedAtMs: 0 } as const;
  const listing = [
    { ...entry, path: '/srv/red\u001b[31m' },
    { ...entry, path: '/srv/two\nlines' },
  ];
  const report = { ...job.report!, kind: 'browse' as const, listing };
  const server = await startFakeServer([
    fakeRoute(browsePoint, () => job),
    fakeRoute(getJob, () => ({ ...job, report })),
    ...sampleRoutes(),
  ]);
  t.after(() => server.close());
  const terminal = fakeTerminal({ env: { SEKISHO_DATA: server.dataFolder, LANG: 'C.UTF-8' } });
  assert.equal(await runCli(['point', 'browse', 'latest', '/srv', '--quiet'], terminal.io), 0);
  assert.equal(terminal.stdout(), '/srv/red�[31m\n/srv/two�lines\n');
});

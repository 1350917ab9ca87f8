import assert from 'node:assert/strict';
import stringWidth from 'string-width';
import { test } from 'node:test';
import { runCli } from '../../main.ts';
import { startFakeServer } from '../../testing/fake-server.ts';
import { fakeTerminal } from '../../testing/fake-terminal.ts';
import { sampleRoutes } from '../../testing/sample-domain.ts';

test('F-33 the list of updates fits a terminal, and is whole through a pipe', async (t) => {
  const server = await startFakeServer(sampleRoutes());
  t.after(() => server.close());
  for (const LANG of ['C', 'ja_JP.UTF-8'])
    for (const columns of [80, 100]) {
      const env = { SEKISHO_DATA: server.dataFolder, LANG };
      const terminal = fakeTerminal({ tty: true, columns, env });
      assert.equal(await runCli(['rotation', 'list'], terminal.io), 0);
      for (const line of terminal.stdout().split('\n')) assert.ok(stringWidth(line) <= columns, line);
      assert.match(terminal.stdout(), /7b1c2d3e-4f50/);
      const pipe = fakeTerminal({ env });
      assert.equal(await runCli(['rotation', 'list'], pipe.io), 0);
      assert.match(pipe.stdout(), /7b1c2d3e-4f50-4a61-8b72-9c83ad94be05 .* office /);
    }
});

import { fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { notifySupervisor } from '@sekisho/platform/notify-supervisor.ts';
import { say, sayJson } from '../../cli.ts';
import { serverData, serverFolder } from '../../client/data-folder.ts';
import { number, text, texts } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';
import { untilStopped } from '../../until-stopped.ts';

/** `server run`: the management server in the foreground; log lines (JSON) on standard error. */
export const serverRun = defineVerb({
  path: 'server run',
  args: {},
  flags: {
    data: serverData,
    listen: text('--listen <address>'),
    agentPort: { ...number('--agent-port <n>', 0, 65_535), defaultText: '13000' },
    adminPort: { ...number('--admin-port <n>', 0, 65_535), defaultText: '13291' },
    httpPort: { ...number('--http-port <n>', 0, 65_535), defaultText: '8014' },
    set: texts('--set <key=value>'),
  },
  examples: {
    plain: 'sekisho server run --data /var/lib/sekisho/server',
    local: 'sekisho server run --listen 127.0.0.1',
    set: 'sekisho server run --set log.level=debug --set fleet.heartbeatSeconds=60',
  },
  run: async ({ cli, flags }) => {
    const { hasAdministrator, startServer } = await import('@sekisho/server/main.ts');
    const log = createLog({ name: 'server' });
    const server = await startServer({
      dataFolder: serverFolder(cli, flags.data),
      ...(flags.listen === undefined ? {} : { listen: flags.listen }),
      ...(flags.agentPort === undefined ? {} : { agentPort: flags.agentPort }),
      ...(flags.adminPort === undefined ? {} : { adminPort: flags.adminPort }),
      ...(flags.httpPort === undefined ? {} : { httpPort: flags.httpPort }),
      set: flags.set,
      environment: cli.io.env,
      clock: cli.io.clock,
      random: cli.io.random,
      log,
    });
    const { name } = server.context.domain;
    say(cli, fill(cli.words.notes.serverReady, { name }));
    if (!(await hasAdministrator(server.context.store.db)))
      say(cli, cli.words.accounts.notes.noAdministratorYet);
    sayJson(cli, { running: true, domain: name, ports: server.ports, socketPath: server.socketPath });
    await notifySupervisor(cli.io.env, 'ready');
    await untilStopped(cli, log, async () => {
      await notifySupervisor(cli.io.env, 'stopping');
      await server.stop();
    });
    return { json: undefined, text: [cli.words.notes.serverStopped] };
  },
});

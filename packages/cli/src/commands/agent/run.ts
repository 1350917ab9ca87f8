import { fill } from '@sekisho/core/errors.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { notifySupervisor } from '@sekisho/platform/notify-supervisor.ts';
import { say, sayJson } from '../../cli.ts';
import { agentData, agentFolder } from '../../client/data-folder.ts';
import { parseEndpoint, text, texts } from '../../flag.ts';
import { untilStopped } from '../../until-stopped.ts';
import { defineVerb } from '../../verb.ts';

const MEDIA_PORT_DEFAULT = 13_002;

/** `agent run`: the agent in the foreground; log lines (JSON) on standard error. */
export const agentRun = defineVerb({
  path: 'agent run',
  args: {},
  flags: {
    data: agentData,
    mediaListen: text('--media-listen <address:port>'),
    set: texts('--set <key=value>'),
  },
  examples: {
    plain: 'sekisho agent run --data /var/lib/sekisho/agent',
    set: 'sekisho agent run --set log.level=debug',
  },
  run: async ({ cli, flags }) => {
    const mediaListen =
      flags.mediaListen === undefined
        ? undefined
        : parseEndpoint(flags.mediaListen, '--media-listen', MEDIA_PORT_DEFAULT);
    const { startAgent } = await import('@sekisho/agent/main.ts');
    const log = createLog({ name: 'agent' });
    const agent = await startAgent({
      dataFolder: agentFolder(cli, flags.data),
      clock: cli.io.clock,
      random: cli.io.random,
      log,
      flags: { set: flags.set },
      ...(mediaListen === undefined
        ? {}
        : { mediaListen: { host: mediaListen.address, port: mediaListen.port } }),
    });
    const { notes } = cli.words;
    say(cli, fill(notes.agentReady, { host: agent.hostId }));
    if (agent.mediaPort !== undefined) say(cli, fill(notes.agentReadyMedia, { port: agent.mediaPort }));
    sayJson(cli, { running: true, hostId: agent.hostId, mediaPort: agent.mediaPort ?? null });
    await notifySupervisor(cli.io.env, 'ready');
    await untilStopped(cli, log, async () => {
      await notifySupervisor(cli.io.env, 'stopping');
      await agent.stop();
    });
    return { json: undefined, text: [notes.agentStopped] };
  },
});

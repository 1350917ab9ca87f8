import { fill } from '@sekisho/core/errors.ts';
import { agentData } from '../../client/data-folder.ts';
import { withAgent } from '../../client/open-agent.ts';
import { EXIT } from '../../exit-codes.ts';
import { parseEndpoint } from '../../flag.ts';
import { checkText } from '../../output/explain-texts.ts';
import { defineVerb } from '../../verb.ts';

const MEDIA_PORT_DEFAULT = 13_002;

/** `agent ask NAME[:PORT]` (T-36): dials another agent's media port from this machine, with every check. */
export const agentAsk = defineVerb({
  path: 'agent ask',
  args: { peer: '<peer>' },
  flags: { data: agentData },
  examples: { plain: 'sekisho agent ask store-01.example.com' },
  run: async ({ cli, args, flags }) => {
    const peer = args.peer ?? '';
    const { address: host, port } = parseEndpoint(peer, '<peer>', MEDIA_PORT_DEFAULT);
    const { askPeer } = await import('@sekisho/agent/control/agent-status.ts');
    const reply = await withAgent(cli, flags.data, (call) => call(askPeer, { body: { host, port } }));
    const { explain } = cli.words.names;
    return {
      json: reply,
      text: [
        cli.style.bold(fill(explain.asked, { peer, host: reply.hostId ?? '-' })),
        ...reply.checks.flatMap((check) => checkText(cli, check, '')),
        ...checkText(cli, { ...reply.answer, check: 'other' }, ''),
        '',
        fill(reply.allow ? explain.askedMay : explain.askedMayNot, { peer }),
      ],
      bare: reply.allow ? 'yes' : 'no',
      exitCode: reply.allow ? EXIT.done : EXIT.failed,
    };
  },
});

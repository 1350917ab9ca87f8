import { fill } from '@sekisho/core/errors.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { planRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { note } from '../../cli.ts';
import { followRotation } from '../../client/follow-rotation.ts';
import { withServer } from '../../client/open-server.ts';
import { EXIT } from '../../exit-codes.ts';
import { durationMs, on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { readWish, wishFlags } from '../../input/rotation-wish.ts';
import { planText, rotationText } from '../../output/rotation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation start KIND` (F-30): shows the plan, asks, starts. */
export const rotationStart = defineVerb({
  path: 'rotation start',
  args: { kind: '<kind>' },
  flags: {
    ...wishFlags,
    overlap: { ...durationMs('--overlap <duration>', '0s', '30d'), defaultText: '0s' },
    wait: on('--wait'),
  },
  examples: {
    tls: 'sekisho rotation start tls --wait',
    outside: 'sekisho rotation start tls --pkcs12 server.p12 --passphrase-file password.txt',
    stolen: 'sekisho rotation start signing --emergency stolen',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { rotations } = cli.words;
      const wish = await readWish(cli, args.kind ?? '', flags);
      const plan = await call(planRotation, { body: wish });
      const price =
        wish.emergency === undefined
          ? []
          : [fill(rotations.emergencyPrice, { silent: cli.format.count(plan.hosts.silent) })];
      await confirm(cli, [...planText(cli, plan, 'startTitle'), ...price], rotations.question);
      const overlapSeconds = Math.round((flags.overlap ?? 0) / SECOND_MS);
      const started = await call(startRotation, { body: { ...wish, overlapSeconds } });
      if (!flags.wait)
        return {
          json: started,
          bare: started.id,
          text: [fill(rotations.started, { id: started.id })],
        };
      note(cli, fill(rotations.started, { id: started.id }));
      const view = await followRotation(cli, call, started.id);
      return {
        json: view,
        bare: view.phase,
        text: rotationText(cli, view),
        exitCode: view.phase === 'done' ? EXIT.done : EXIT.failed,
      };
    }),
});

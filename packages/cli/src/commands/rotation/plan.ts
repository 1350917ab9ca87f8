import { planRotation } from '@sekisho/core/wire/rotations.ts';
import { withServer } from '../../client/open-server.ts';
import { EXIT } from '../../exit-codes.ts';
import { readWish, wishFlags } from '../../input/rotation-wish.ts';
import { planText } from '../../output/rotation-text.ts';
import { defineVerb } from '../../verb.ts';

/** `rotation plan KIND` (F-32): what would happen and to whom; nothing is changed. */
export const rotationPlan = defineVerb({
  path: 'rotation plan',
  args: { kind: '<kind>' },
  flags: wishFlags,
  examples: {
    tls: 'sekisho rotation plan tls',
    outside: 'sekisho rotation plan tls --certificate server.pem --key server.key',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const plan = await call(planRotation, { body: await readWish(cli, args.kind ?? '', flags) });
      return {
        json: plan,
        bare: plan.path,
        text: planText(cli, plan, 'planTitle'),
        exitCode: plan.prevented ? EXIT.failed : EXIT.done,
      };
    }),
});

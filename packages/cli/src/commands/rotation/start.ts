import { AppError, fill, isErrorCode } from '@sekisho/core/errors.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { planRotation, startRotation, type RotationPlan } from '@sekisho/core/wire/rotations.ts';
import { note, type Cli } from '../../cli.ts';
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
      refusePrevented(cli, plan);
      const price = [
        ...(plan.path === 'off-on' ? [cli.words.verification.price] : []),
        ...(wish.emergency === undefined
          ? []
          : [
              fill(
                plan.kind === 'ca' ? rotations.emergencyPriceOfCa[wish.emergency] : rotations.emergencyPrice,
                {
                  silent: cli.format.count(plan.hosts.silent),
                  total: cli.format.count(plan.hosts.total),
                },
              ),
            ]),
      ];
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

/** What cannot be started is not asked about: the plan is shown, and the first of its findings refuses. */
function refusePrevented(cli: Cli, plan: RotationPlan): void {
  const finding = plan.findings.find(({ code }) => code !== 'ROTATION_WOULD_LOSE');
  if (!plan.prevented || finding === undefined || !isErrorCode(finding.code)) return;
  if (!cli.json && !cli.quiet)
    for (const line of planText(
      cli,
      { ...plan, findings: plan.findings.filter((one) => one !== finding) },
      'startTitle',
    ))
      cli.io.stderr.write(`${line}\n`);
  throw new AppError(finding.code, finding.params);
}

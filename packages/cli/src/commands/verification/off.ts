import { AppError, fill } from '@sekisho/core/errors.ts';
import { decideSwitchOff, VERIFICATION_OFF_DEFAULT_MS } from '@sekisho/core/rules/verification.ts';
import { switchVerification } from '@sekisho/core/wire/switch-verification.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { durationMs, on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { effectText, pathText } from '../../output/group-text.ts';
import { defineVerb } from '../../verb.ts';

/** A month is a duration, too: how long it may be is the rule's to say (VERIFICATION_END_TOO_FAR). */
const UNTIL_READ_MAX = '3650d';

/** `verification off GROUP` (F-20): says whom it concerns and what it costs, and asks. */
export const verificationOff = defineVerb({
  path: 'verification off',
  args: { group: '<group>' },
  flags: {
    data: serverData,
    until: durationMs('--until <duration>', '1m', UNTIL_READ_MAX),
    dryRun: on('--dry-run'),
  },
  examples: {
    dryRun: 'sekisho verification off Tokyo --dry-run',
    plain: 'sekisho verification off Tokyo',
    until: 'sekisho verification off Tokyo --until 3d',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { verification: words, groups } = cli.words;
      const { id, path } = await resolveGroup(call, args.group ?? '');
      const nowMs = cli.io.clock.nowMs();
      const untilMs = nowMs + (flags.until ?? VERIFICATION_OFF_DEFAULT_MS);
      const decision = decideSwitchOff(untilMs, nowMs);
      if (!decision.allow) throw new AppError(decision.code, decision.params);
      const until = cli.format.timeWithZone(untilMs);
      const ask = (dryRun: boolean) =>
        call(switchVerification, { params: { id }, body: { state: 'off', untilMs, dryRun } });
      const { effect, ...preview } = await ask(true);
      if (flags.dryRun)
        return { json: { ...preview, effect }, text: [...effectText(cli, effect), groups.dryRun] };
      await confirm(cli, [...effectText(cli, effect), words.price], fill(words.question, { until }));
      const done = await ask(false);
      return { json: done, text: [fill(words.off, { group: pathText(path), until })] };
    }),
});

import { AppError, fill } from '@sekisho/core/errors.ts';
import { startRestore } from '@sekisho/core/wire/points.ts';
import { serverData } from '../../client/data-folder.ts';
import { followJobs } from '../../client/follow-jobs.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost, resolvePoint } from '../../client/resolve.ts';
import { choiceOr, on, path, paths, text } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `restore run POINT` (P-14). Overwriting files in their original places is confirmed. */
export const restoreRun = defineVerb({
  path: 'restore run',
  args: { point: '<point>' },
  flags: {
    data: serverData,
    host: text('--host <host>'),
    onHost: text('--on-host <host>'),
    path: paths('--path <path>'),
    to: path('--to <folder>'),
    original: on('--original'),
    conflict: choiceOr('--conflict <what>', ['skip', 'overwrite', 'rename'] as const, 'skip'),
    detach: on('--detach'),
  },
  examples: {
    elsewhere: 'sekisho restore run latest --host web-01 --to /srv/restored',
    otherNode: 'sekisho restore run latest --host sql-01 --on-host sql-02 --to /srv/restored',
    file: 'sekisho restore run 9c2f41d0 --path /srv/www/index.html --original --conflict overwrite',
  },
  run: ({ cli, args, flags }) => {
    if (flags.to !== undefined && flags.original) {
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--to, --original' });
    }
    if (flags.to === undefined && !flags.original) {
      throw new AppError('USAGE_ONE_OF_NEEDED', {
        options: '--to FOLDER, --original',
        usage: `sekisho restore run ${args.point ?? 'POINT'} --to FOLDER`,
      });
    }
    return withServer(cli, flags.data, async ({ call }) => {
      const hostId = flags.host === undefined ? undefined : (await resolveHost(call, flags.host)).id;
      const point = await resolvePoint(call, args.point ?? '', hostId === undefined ? {} : { hostId });
      const { notes } = cli.words;
      const other = flags.onHost === undefined ? undefined : await resolveHost(call, flags.onHost);
      const host = other?.name ?? point.hostName;
      if (flags.original && flags.conflict === 'overwrite') {
        const time = cli.format.timeWithZone(point.receivedAtMs);
        await confirm(
          cli,
          [fill(notes.restoreOverwritePreview, { host, time }), ...flags.path.map((path) => `  ${path}`)],
          fill(notes.restoreOverwriteQuestion, { host }),
        );
      }
      const job = await call(startRestore, {
        body: {
          point: point.id,
          paths: [...flags.path],
          targetFolder: flags.to ?? null,
          conflict: flags.conflict,
          host: other?.id ?? null,
        },
      });
      const extra =
        flags.to === undefined
          ? fill(notes.restoredOriginal, { host })
          : fill(notes.restoredTo, { folder: flags.to, host });
      return followJobs(cli, call, [job], { detach: flags.detach, extra: [extra] });
    });
  },
});

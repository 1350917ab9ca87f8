import { AppError, fill } from '@sekisho/core/errors.ts';
import { addLegacyHost } from '@sekisho/core/wire/legacy.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { on, parseEndpoint, text } from '../../flag.ts';
import { renderPairs } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `legacy add NAME` (T-50, T-53): the key is printed here and never again. */
export const legacyAdd = defineVerb({
  path: 'legacy add',
  args: { name: '<name>' },
  flags: {
    data: serverData,
    address: text('--address <address>'),
    media: on('--media'),
    endpoint: text('--endpoint <address:port>'),
    collector: on('--collector'),
  },
  examples: {
    plain: 'sekisho legacy add old-01.example.com --address 192.0.2.7',
    media: 'sekisho legacy add old-store --media --endpoint old-store.example.com:8000',
  },
  run: ({ cli, args, flags }) => {
    if (flags.media && flags.collector)
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--media, --collector' });
    const kind = flags.media ? 'media' : flags.collector ? 'collector' : 'client';
    const endpoint = flags.endpoint === undefined ? null : parseEndpoint(flags.endpoint, '--endpoint');
    return withServer(cli, flags.data, async ({ call }) => {
      const added = await call(addLegacyHost, {
        body: { name: args.name ?? '', kind, address: flags.address ?? null, endpoint },
      });
      const { labels, legacy } = cli.words;
      const { name, key } = added;
      const shown = flags.endpoint ?? '';
      const pairs = renderPairs([
        [labels.name, name],
        [labels.id, added.hostId],
        [legacy.labels.kind, legacy.kinds[kind]],
        ...(key === null ? [] : ([[legacy.labels.key, key]] as const)),
      ]);
      const notes =
        key === null
          ? [fill(legacy.notes.mediaAdded, { name, endpoint: shown })]
          : [fill(legacy.notes.added, { name }), legacy.notes.keyOnce];
      return { json: added, ...(key === null ? {} : { bare: key }), text: [...pairs, '', ...notes] };
    });
  },
});

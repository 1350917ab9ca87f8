import { fill } from '@sekisho/core/errors.ts';
import { setHostMedia } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { chosen, number, parseEndpoint, texts } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

const GIB_BYTES = 1024 ** 3;
const QUOTA_GIB_MAX = 1024 * 1024;

/** `host media HOST on|off`. */
export const hostMedia = defineVerb({
  path: 'host media',
  args: { host: '<host>', state: '<on|off>' },
  flags: {
    data: serverData,
    endpoint: texts('--endpoint <address:port>'),
    quotaGib: number('--quota-gib <n>', 1, QUOTA_GIB_MAX),
    legacyPort: number('--legacy-port <port>', 1, 65_535),
  },
  examples: {
    on: 'sekisho host media store-01 on',
    quota: 'sekisho host media store-01 on --endpoint store-01.example.com:13002 --quota-gib 500',
  },
  run: ({ cli, args, flags }) => {
    const media = chosen(args.state ?? '', '<on|off>', ['on', 'off'] as const) === 'on';
    const endpoints = flags.endpoint.map((value) => parseEndpoint(value, '--endpoint'));
    return withServer(cli, flags.data, async ({ call }) => {
      const { id } = await resolveHost(call, args.host ?? '');
      const quotaBytesPerHost = flags.quotaGib === undefined ? null : flags.quotaGib * GIB_BYTES;
      const host = await call(setHostMedia, {
        params: { id },
        body: {
          media,
          endpoints,
          quotaBytesPerHost,
          ...(flags.legacyPort === undefined ? {} : { legacyPort: flags.legacyPort }),
        },
      });
      const { notes } = cli.words;
      return { json: host, text: [fill(media ? notes.mediaOn : notes.mediaOff, { name: host.name })] };
    });
  },
});

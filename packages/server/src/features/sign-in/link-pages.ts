import { LINK_PURPOSES } from '@sekisho/core/wire/administrators.ts';
import type { FastifyInstance } from 'fastify';

const TEXT = `This link is for the console, which this version does not have yet. It has not been used up.
Use the code behind the # as the guide says: docs/en/administrators.md

このリンクはコンソール用です。このバージョンにはまだコンソールがありません。リンクはまだ使用されていません。
# の後のコードの使い方は、ガイドを参照してください: docs/ja/administrators.md
`;

/** What a browser shows that opens a one-time link. The code stands behind the `#`, so it never reaches the server. */
export function linkPages(app: FastifyInstance): void {
  for (const purpose of LINK_PURPOSES)
    app.get(`/${purpose}`, { config: { access: 'public' } }, async (_request, reply) => {
      void reply.type('text/plain; charset=utf-8');
      return TEXT;
    });
}

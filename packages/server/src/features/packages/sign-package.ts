import { AppError } from '@sekisho/core/errors.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { packagePayload } from '@sekisho/core/wire/documents.ts';
import {
  type packageSignature,
  PACKAGES_SHOWN_MAX,
  type PackageView,
  type signPackage as signRoute,
} from '@sekisho/core/wire/packages.ts';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { offerPackage, removeUnkeptPackages } from './package-files.ts';
import { keepPackage } from './package-parts.store.ts';

/**
 * F-04 Signs an install package: by its hash for whoever has the file, or, published, as the newest for its kind of machine, whose file lies in
 * this server's data folder and goes from there to all workers. Refusals: PACKAGE_FILE_MISSING, DISK_FULL.
 */
export async function signPackage(
  context: ServerContext,
  principal: Principal,
  wish: z.output<typeof signRoute.body>,
): Promise<z.input<typeof signRoute.reply>> {
  const { documents, feed, store } = context;
  const { publish, ...content } = wish;
  if (publish) await offerPackage(context, content);
  const scope = publish ? content.platform : content.sha256;
  await store.transaction(async (tx) => {
    await documents.make(tx, 'package', scope, content);
    if (publish) await keepPackage(tx, content, context.clock.nowMs());
    const { name: actor, origin } = principal;
    const { fileName: subject, version, platform, sha256 } = content;
    const act = publish ? 'publish-package' : 'sign-package';
    const detail = { version, platform, sha256 };
    await recordAudit(tx, { act, actor, origin, subject, outcome: 'done', detail }, context.clock.nowMs());
  });
  await feed.catchUp();
  if (publish) await removeUnkeptPackages(context);
  const found = await documents.latest('package', scope);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: 'package', id: content.sha256 });
  const file: z.infer<typeof packageSignature> = {
    format: 'sekisho-install-package',
    version: 1,
    signed: found.jws,
  };
  return { ...viewOf(scope, found.jws), signature: `${JSON.stringify(file, null, 2)}\n` };
}

/** The packages that were signed last, newest first. */
export async function viewPackages({ documents }: Pick<ServerContext, 'documents'>): Promise<PackageView[]> {
  const rows = await documents.newest('package', PACKAGES_SHOWN_MAX);
  return rows.map(({ scope, jws }) => viewOf(scope, jws));
}

/** What a signed package says. */
export function readPackage(jws: string): z.infer<typeof packagePayload> {
  return packagePayload.parse(JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')));
}

function viewOf(scope: string, jws: string): PackageView {
  const { domain: _, issuedAt: signedAtMs, ...said } = readPackage(jws);
  return { ...said, signedAtMs, published: scope === said.platform };
}

import { AppError } from '@sekisho/core/errors.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { packagePayload, type InstallPackage } from '@sekisho/core/wire/documents.ts';
import {
  type packageSignature,
  PACKAGES_SHOWN_MAX,
  type PackageView,
  type signPackage as signRoute,
} from '@sekisho/core/wire/packages.ts';
import { hashFile } from '@sekisho/platform/hash-file.ts';
import { join } from 'node:path';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { recordAudit } from '../audit/record-audit.ts';

/** Where this server keeps the files that it hands to agents, by their hash. */
export const packageFile = (dataFolder: string, sha256: string): string =>
  join(dataFolder, 'packages', `${sha256}.deb`);

/**
 * F-04 Signs an install package: by its hash for whoever has the file, or, published, as the newest for its kind of machine, whose file lies in
 * this server's data folder. Refusal: PACKAGE_FILE_MISSING.
 */
export async function signPackage(
  context: ServerContext,
  principal: Principal,
  wish: z.output<typeof signRoute.body>,
): Promise<z.input<typeof signRoute.reply>> {
  const { documents, feed, store, dataFolder } = context;
  const { publish, ...content } = wish;
  if (publish) await requireFile(dataFolder, content);
  const scope = publish ? content.platform : content.sha256;
  await store.transaction(async (tx) => {
    await documents.make(tx, 'package', scope, content);
    const { name: actor, origin } = principal;
    const { fileName: subject, version, platform, sha256 } = content;
    const act = publish ? 'publish-package' : 'sign-package';
    const detail = { version, platform, sha256 };
    await recordAudit(tx, { act, actor, origin, subject, outcome: 'done', detail }, context.clock.nowMs());
  });
  await feed.catchUp();
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

async function requireFile(dataFolder: string, { sha256, bytes }: InstallPackage): Promise<void> {
  const found = await hashFile(packageFile(dataFolder, sha256), bytes).catch(() => undefined);
  if (found?.sha256 !== sha256 || found.bytes !== bytes)
    throw new AppError('PACKAGE_FILE_MISSING', { sha256 });
}

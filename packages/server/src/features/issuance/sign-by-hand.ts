import { AppError } from '@sekisho/core/errors.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import { signByHand as signByHandRoute, type ManualAnswer } from '@sekisho/core/wire/manual.ts';
import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { parseCertificateRequest, requestBytesOfText } from '@sekisho/pki/csr.ts';
import { base64 } from '@sekisho/pki/pem.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { findHost } from '../hosts/host-rows.ts';
import { issueCertificate } from './issue-certificate.ts';

/** T-17 Certificates for hosts with no route to the server, by files. */
export function manualRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, signByHandRoute, ({ body, principal }) => signByHand(context, principal, body));
}

/**
 * Answers a request that came as a file: the same rule, lint and record as over the network, with the administrator as who approves.
 * Refusals: CSR_…, those of `decideIssuance`, ISSUANCE_….
 */
async function signByHand(
  context: ServerContext,
  principal: Principal,
  wish: { csr: string; token?: string | undefined; media: boolean },
): Promise<{ hostId: HostId; name: string; answer: ManualAnswer }> {
  const csr = parseCertificateRequest(requestBytesOfText(wish.csr));
  const { name: actor, origin } = principal;
  const issued = await issueCertificate(context, {
    kind: 'enrol',
    csr,
    token: wish.token === undefined ? undefined : new Secret(wish.token),
    remoteAddress: undefined,
    manual: { actor, origin, media: wish.media },
  });
  const hostId = parseHostId(issued.subjectCn ?? '');
  const host = hostId === undefined ? undefined : await findHost(context.store.db, hostId);
  if (host === undefined) throw new AppError('ISSUANCE_WITHDRAWN');
  const list = (await readGroupTree(context.store.db)).listOf(host.groupId);
  const latest = async (type: DocumentType, scope: string): Promise<string> => {
    const found = await context.documents.latest(type, scope);
    if (found === undefined) throw new AppError('NOT_FOUND', { what: type, id: scope });
    return found.jws;
  };
  return {
    hostId: host.id,
    name: host.name,
    answer: {
      format: 'sekisho-answer-1',
      domainId: context.domain.id,
      root: base64(context.keys.certificateOf('root').der),
      chain: [issued, context.keys.certificateOf('issuing')].map(({ der }) => base64(der)),
      bundle: await latest('bundle', ''),
      list: await latest('list', list ?? ''),
    },
  };
}

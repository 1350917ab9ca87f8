import { AppError } from '@sekisho/core/errors.ts';
import { getFormerRoots, getPublicBundle } from '@sekisho/core/wire/agent.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { readDocumentHeader } from '@sekisho/pki/document-header.ts';
import { readBundleUnverified, verifyBundle } from '@sekisho/pki/verify-bundle.ts';
import { fetchCaCertificates, type EstTarget } from '../identity/est-client.ts';
import { callRoute } from '../net/call-route.ts';
import { DialingAgent } from '../net/dial.ts';
import { routeAtSetup, NEVER, reachable, type SetupRoute } from './setup-route.ts';

/** The root that a host is to pin. */
export interface ConfirmedRoot {
  readonly root: Certificate;
  /** The root whose fingerprint was confirmed, when another has followed it: links led from this one to the other (F-38). */
  readonly followed: Certificate | undefined;
}

/**
 * The root that the server offers, once its fingerprint is confirmed, whole (T-10). A fingerprint of before the domain's CA was changed is
 * one too: then the links that the old root's key signed lead to the root of now, and nothing else does. The connection ends here; it is
 * trusted with nothing, and nothing but the fingerprint and what is signed under it counts. Refusals: SERVER_UNREACHABLE, CA_NOT_OFFERED,
 * CA_FINGERPRINT_MISMATCH, CA_ROOT_COMPROMISED, CA_LINKS_LEAD_NOWHERE, CA_NOT_CONFIRMED.
 */
export async function confirmRoot(
  options: SetupRoute & {
    /** Asked when no fingerprint was given: does a person confirm this one? */
    readonly confirm?: (fingerprint: string) => Promise<boolean>;
  },
  expected: string | undefined,
): Promise<ConfirmedRoot> {
  const { host, port } = options.server;
  const server = `${host}:${port}`;
  const unchecked = () => ({ ca: [], verify: () => undefined });
  const route = routeAtSetup(options, unchecked, unchecked);
  const agent = new DialingAgent(() => route.dial(NEVER), 1);
  const target = { host, port, agent };
  try {
    const offered = await fetchCaCertificates(target).catch((error: unknown) => {
      throw reachable(server, error);
    });
    const roots = offered.filter(isSelfIssued);
    // the one in use comes first
    const [first] = roots;
    if (first === undefined) throw new AppError('CA_NOT_OFFERED', { server });
    if (expected === undefined) {
      agent.destroy(); // nobody waits for a person
      if ((await options.confirm?.(first.fingerprint)) === true) return { root: first, followed: undefined };
      throw new AppError('CA_NOT_CONFIRMED', { server });
    }
    if (first.fingerprint === expected) return { root: first, followed: undefined };
    return await followFrom(expected, { target, roots, found: first, nowMs: options.clock.nowMs() });
  } finally {
    agent.destroy();
  }
}

/** The confirmed root is not the one in use: another has followed it, or will. */
async function followFrom(
  expected: string,
  given: {
    target: EstTarget;
    roots: readonly Certificate[];
    found: Certificate;
    nowMs: number;
  },
): Promise<ConfirmedRoot> {
  const { target, roots, found, nowMs } = given;
  const facts = { server: `${target.host}:${target.port}`, expected, found: found.fingerprint };
  const isExpected = ({ fingerprint }: Certificate): boolean => fingerprint === expected;
  const here = roots.find(isExpected);
  // whatever fails from here on is an answer, not an unreachable server: somebody offered another root than the one that was confirmed
  const refused = (error: unknown): never => {
    throw new AppError('CA_FINGERPRINT_MISMATCH', facts, { cause: error });
  };
  const { jws } = await callRoute(target, getPublicBundle, {}).catch(
    here === undefined ? refused : () => NONE,
  );
  // what a bundle says of itself is enough to refuse: nobody is the worse for asking an administrator
  const said = readBundleUnverified(jws);
  const isCompromised = said?.anchors.some(
    ({ fingerprint, state }) => fingerprint === expected && state === 'compromised',
  );
  if (isCompromised === true) throw new AppError('CA_ROOT_COMPROMISED', facts);
  const confirmed = here ?? (await formerRoots(target).catch(refused)).find(isExpected);
  if (confirmed === undefined) return refused(undefined);
  const root =
    said === undefined ? undefined : await rootOf(jws, { confirmed, domainId: said.domain, nowMs });
  if (root !== undefined)
    return { root, followed: root.fingerprint === confirmed.fingerprint ? undefined : confirmed };
  // announced, or on its way out without a link: the server's certificate decides on the next connection
  if (here !== undefined) return { root: here, followed: undefined };
  throw new AppError('CA_LINKS_LEAD_NOWHERE', facts);
}

const NONE = { jws: '' };

/** Roots that others have followed, as the server says. What counts is the fingerprint of one. */
async function formerRoots(target: EstTarget): Promise<Certificate[]> {
  const { roots } = await callRoute(target, getFormerRoots, {});
  return roots.map((der) => parseCertificate(Buffer.from(der, 'base64'))).filter(isSelfIssued);
}

/** Who signed the trust bundle, if that is the confirmed root or one that links lead to from there; undefined: neither. */
async function rootOf(
  jws: string,
  { confirmed, ...facts }: { confirmed: Certificate } & Omit<Parameters<typeof verifyBundle>[1], 'anchors'>,
): Promise<Certificate | undefined> {
  try {
    await verifyBundle(jws, { ...facts, anchors: [confirmed] });
    return readDocumentHeader(jws).chain[0];
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

const isSelfIssued = ({ isCa, subjectDer, issuerDer }: Certificate): boolean =>
  isCa && Buffer.compare(subjectDer, issuerDer) === 0;

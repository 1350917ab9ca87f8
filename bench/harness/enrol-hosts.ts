import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { createCertificateRequest } from '@sekisho/pki/csr.ts';
import { parseCertsOnly } from '@sekisho/pki/est.ts';
import { generatePrivateKey, privateKeyToPem } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { Agent, request } from 'node:https';
import type { HostIdentity } from './host-identity.ts';

/** The server lets one address ask so often a minute (T-15), and a little less is safe. */
const PER_ADDRESS = 400;
const AT_ONCE = 4;

/** Enrols hosts over the real EST endpoint, with one token for all of them. */
export async function enrolHosts(wish: {
  port: number;
  token: string;
  count: number;
}): Promise<HostIdentity[]> {
  const agents = Array.from(
    { length: Math.ceil(wish.count / PER_ADDRESS) },
    (_, n) =>
      new Agent({
        keepAlive: true,
        maxSockets: AT_ONCE,
        localAddress: `127.0.1.${n + 1}`,
        rejectUnauthorized: false, // the whole domain is made for this run
      }),
  );
  const identities: HostIdentity[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < wish.count; n = next++) {
      const agent = agents[n % agents.length];
      if (agent === undefined) return;
      identities.push(await enrolOne(agent, wish, `host-${n}.bench.example`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE * agents.length }, worker));
  for (const agent of agents) agent.destroy();
  return identities;
}

async function enrolOne(
  agent: Agent,
  { port, token }: { port: number; token: string },
  name: string,
): Promise<HostIdentity> {
  const key = await generatePrivateKey('p256');
  const csr = await createCertificateRequest({ signer: fileSigner(key), commonName: name, dns: [name] });
  const body = await post(agent, { port, token, body: Buffer.from(csr).toString('base64') });
  const [certificate, issuing] = parseCertsOnly(Buffer.from(body, 'base64'));
  if (certificate === undefined || issuing === undefined)
    throw new Error('the answer is not a leaf and its issuer');
  return {
    key: privateKeyToPem(key),
    cert: certificateToPem(certificate.der) + certificateToPem(issuing.der),
    fingerprint: certificate.fingerprint,
  };
}

function post(agent: Agent, wish: { port: number; token: string; body: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        host: '127.0.0.1',
        port: wish.port,
        method: 'POST',
        path: '/.well-known/est/simpleenroll',
        headers: {
          'content-type': 'application/pkcs10',
          authorization: `Basic ${Buffer.from(`token:${wish.token}`).toString('base64')}`,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`${String(response.statusCode)} ${text}`));
        });
      },
    );
    sent.once('error', reject);
    sent.end(wish.body);
  });
}

import { systemClock } from '@sekisho/platform/clock.ts';
import { hostId } from '@sekisho/core/wire/scalars.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { execFile, type ExecFileException } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from './root.ts';

/** What a shell said: both of its streams, and how it ended. */
interface Said {
  readonly status: number;
  readonly output: string;
}

/** The shell blocks of the guide's page, by the heading they stand under. */
function commandsOfPage(): Map<string, string> {
  const page = readFileSync(join(ROOT, 'docs/en/enrol-with-openssl.md'), 'utf8');
  const commands = new Map<string, string>();
  for (const section of page.split(/^## /m).slice(1)) {
    const heading = section.slice(0, section.indexOf('\n')).trim();
    const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
    for (const [at, block] of blocks.entries())
      commands.set(blocks.length === 1 ? heading : `${heading} ${at + 1}`, block);
  }
  return commands;
}

const commands = commandsOfPage();
const trust = await TrustServer.start({ after }, { clock: systemClock, addresses: ['127.0.0.1'] });
const folder = await tempFolder({ after });

/** Runs lines of shell in the folder of this file's tests. */
const shell = (lines: string, environment: Record<string, string> = {}): Promise<Said> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C', ...environment };
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
    };
    execFile('bash', ['-euc', lines], { cwd: folder, env, encoding: 'utf8' }, done);
  });

/** Runs what the guide gives under a heading, with its addresses as they are in this test. */
function guide(heading: string, environment: Record<string, string> = {}): Promise<Said> {
  const script = commands.get(heading);
  assert.ok(script !== undefined, heading);
  const { ports } = trust.server;
  const here = script
    .replaceAll('server.example.com:13000', `127.0.0.1:${ports.agent}`)
    .replaceAll('server.example.com:8014', `127.0.0.1:${ports.http}`);
  return shell(here, environment);
}

/** The same, which has to end well; what it said. */
async function follow(heading: string, environment: Record<string, string> = {}): Promise<string> {
  const { status, output } = await guide(heading, environment);
  assert.equal(status, 0, `${heading}: ${output}`);
  return output;
}

const revoke = async (certificate: string): Promise<void> => {
  const { output } = await shell(`openssl x509 -in ${certificate} -noout -subject -nameopt sep_multiline`);
  const id = hostId.parse(/CN=(\S+)/.exec(output)?.[1]);
  await trust.call(revokeHost, { params: { id }, body: { reason: 'keyCompromise' } });
};

test('T-06 T-10 curl and openssl alone enrol, talk and renew, with the commands that the guide gives', async () => {
  const fingerprint = await follow('Trust the CA');
  assert.match(fingerprint.replaceAll(':', '').toLowerCase(), new RegExp(trust.caFingerprint));
  await follow('Make a key and a request');
  assert.match((await guide('Ask for the certificate', { TOKEN: 'wrong' })).output, /401/);
  const issued = await follow('Ask for the certificate', { TOKEN: await trust.token() });
  assert.match(issued, /host\.pem: OK/);
  assert.match(await follow('Use it'), /"jws"/);
  assert.match(await follow('Renew it'), /host\.pem: OK/);
  assert.match(await follow('Use it'), /"jws"/);
});

test('T-06 strongSwan enrols with a token, checks what it got online, and renews, with the commands that the guide gives', async () => {
  const enrolled = await follow('The same with strongSwan 1', { TOKEN: await trust.token() });
  assert.match(enrolled, /Root CA equals trusted TLS Root CA/);
  assert.match(enrolled, /Issued certificate is trusted/);
  assert.match(enrolled, /certificate status is good/);
  const renewed = await follow('The same with strongSwan 2');
  assert.match(renewed, /Issued certificate is trusted/);
  assert.match(renewed, /certificate status is good/);
});

const LIST = 'Check whether it is revoked 1';
const LISTS = 'Check whether it is revoked 2';
const LIST_GNUTLS = 'Check whether it is revoked 3';
const OCSP = 'Check whether it is revoked 4';
const OCSP_GNUTLS = 'Check whether it is revoked 5';
const SWAN = 'pki --verify --cacert estca.pem --cacert estca-1.pem';

test('T-41 openssl, GnuTLS and strongSwan read the list that a certificate names, and what OCSP says of it', async () => {
  assert.match(await follow(LIST), /host\.pem: OK/);
  assert.match(await follow(LISTS), /host\.pem: OK/);
  assert.match(await follow(LIST_GNUTLS), /The certificate is trusted/);
  const signed = 'certtool --verify-crl --load-ca-certificate estca-1.pem --infile host.crl.pem';
  assert.match((await shell(signed)).output, /Verification output: Verified\. The certificate is trusted/);
  const answered = await follow(OCSP);
  assert.match(answered, /Response verify OK/);
  assert.match(answered, /host\.pem: good/);
  const answeredGnu = await follow(OCSP_GNUTLS);
  assert.match(answeredGnu, /Certificate Status: good/);
  assert.match(answeredGnu, /Verifying OCSP Response: Success/);
});

test('T-41 openssl and GnuTLS ask OCSP with and without a nonce, by POST and GET, about serials that nobody issued, and keep the answer', async () => {
  const { http } = trust.server.ports;
  const ask = (more: string): Promise<Said> =>
    shell(`openssl ocsp -issuer issuing.pem -url http://127.0.0.1:${http}/ocsp -CAfile ca.pem ${more}`);
  for (const hash of ['-sha1', '-sha256'])
    assert.match((await ask(`${hash} -no_nonce -cert host.pem`)).output, /host\.pem: good/, hash);
  const several = (await ask('-cert host.pem -serial 0x1234 -cert swan.pem')).output;
  for (const line of ['host.pem: good', '0x1234: unknown', 'swan.pem: good'])
    assert.ok(several.includes(line));
  const kept = await shell(
    `openssl ocsp -issuer issuing.pem -cert host.pem -no_nonce -reqout request.der
     curl -fsS "http://127.0.0.1:${http}/ocsp/$(openssl base64 -A -in request.der | sed 's/+/%2B/g; s/=/%3D/g; s|/|%2F|g')" -o kept.der
     ocsptool --verify-response --load-response kept.der --load-trust ca.pem
     openssl ocsp -respin kept.der -issuer issuing.pem -cert host.pem -CAfile ca.pem`,
  );
  assert.match(kept.output, /Verifying OCSP Response: Success/);
  assert.match(kept.output, /host\.pem: good/);
});

test('T-40 T-41 once a host is revoked, each of them says so: by the list and by OCSP', async () => {
  await revoke('host.pem');
  const byList = await guide(LIST);
  assert.equal(byList.status, 2, byList.output);
  assert.match(byList.output, /error 23 at 0 depth lookup: certificate revoked/);
  assert.match((await guide(LISTS)).output, /error 23 at 0 depth lookup: certificate revoked/);
  const byListGnu = await guide(LIST_GNUTLS);
  assert.notEqual(byListGnu.status, 0);
  assert.match(byListGnu.output, /NOT trusted.*revoked/s);
  const printed = await shell('certtool --crl-info --inder --infile host.crl');
  assert.match(printed.output, /Revoked certificates \(\d+\)/);
  const byOcsp = await follow(OCSP);
  assert.match(byOcsp, /Response verify OK/);
  assert.match(byOcsp, /host\.pem: revoked\n\tThis Update.*Reason: keyCompromise/s);
  assert.match((await guide(OCSP_GNUTLS)).output, /Certificate Status: revoked/);
  const { http } = trust.server.ports;
  const cached = `openssl ocsp -no_nonce -issuer issuing.pem -cert host.pem -url http://127.0.0.1:${http}/ocsp -CAfile ca.pem`;
  assert.match((await shell(cached)).output, /host\.pem: revoked/);
  await shell('openssl x509 -in host.pem -out leaf.pem');
  assert.match((await shell(`${SWAN} --in leaf.pem --online`)).output, /certificate was revoked/);
  const offline = `${SWAN} --in leaf.pem --crl host.crl`;
  assert.match((await shell(offline)).output, /certificate was revoked/);
  assert.match((await shell(`${SWAN} --in swan.pem --online`)).output, /certificate status is good/);
});

test('T-40 openssl s_client is answered with a good certificate, and refused with a revoked one', async () => {
  const request = (name: string, version: string): Promise<Said> =>
    shell(
      `printf 'GET /v1/agent/documents/bundle HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n' |
       openssl s_client -connect 127.0.0.1:${trust.server.ports.agent} -${version} -ign_eof -verify_return_error \\
         -CAfile ca.pem -verify_ip 127.0.0.1 -cert ${name}.pem -cert_chain estca-1.pem -key ${name}.key`,
    );
  for (const version of ['tls1_2', 'tls1_3']) {
    const good = await request('swan', version);
    assert.match(good.output, /Verify return code: 0 \(ok\)/);
    assert.match(good.output, /HTTP\/1\.1 200 /);
    assert.match((await request('host', version)).output, /CERTIFICATE_REVOKED/);
  }
});

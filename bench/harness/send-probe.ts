import { postHeartbeat, type Heartbeat } from '@sekisho/core/wire/agent.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { request } from 'node:https';
import type { Probe } from '../soak/schedule.ts';

const FINGERPRINT = 'ab'.repeat(32);

/** Sends one heartbeat that must be refused; gives the code of the refusal, or what came instead. */
export async function sendProbe(
  probe: Probe,
  to: { port: number; identity: { key: string; cert: string }; nowMs: number },
): Promise<string> {
  const body: Heartbeat = {
    sentAtMs: to.nowMs,
    bundleGeneration: 0,
    listSerial: 0,
    assignmentSerial: 0,
    policySerial: 0,
    crlNumber: 0,
    certificates: [],
    version: '0.1.0',
    bootId: 'probe',
    health: [],
    spooled: 0,
  };
  switch (probe) {
    case 'revoked':
      return send(to.port, to.identity, body);
    case 'stranger':
      return send(to.port, await strangerOf(to.nowMs), body);
    case 'nameless':
      return send(to.port, undefined, body);
    case 'malformed':
      return send(to.port, to.identity, { sentAtMs: to.nowMs, certificates: [FINGERPRINT] });
  }
}

let stranger: { key: string; cert: string } | undefined;

/** A host of another domain. */
async function strangerOf(nowMs: number): Promise<{ key: string; cert: string }> {
  if (stranger !== undefined) return stranger;
  const authority = await TestAuthority.create({ nowMs });
  const { keyPem, chainPem } = await authority.host({ name: 'stranger.example' });
  return (stranger = { key: keyPem, cert: chainPem });
}

function send(port: number, tls: { key: string; cert: string } | undefined, body: unknown): Promise<string> {
  return new Promise((resolve) => {
    const sent = request(
      {
        ...tls,
        host: '127.0.0.1',
        port,
        method: postHeartbeat.method,
        path: postHeartbeat.path,
        headers: { 'content-type': 'application/json' },
        agent: false,
        rejectUnauthorized: false, // it is the server that judges here
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', () => {
          resolve('SERVER_UNREACHABLE');
        });
        response.once('end', () => {
          if (response.statusCode === 200) {
            resolve('answered');
            return;
          }
          const refusal = problem.safeParse(parsed(Buffer.concat(parts).toString('utf8')));
          resolve(refusal.success ? refusal.data.code : `status ${String(response.statusCode)}`);
        });
      },
    );
    sent.once('error', () => {
      resolve('SERVER_UNREACHABLE');
    });
    sent.end(JSON.stringify(body));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

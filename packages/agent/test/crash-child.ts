/** A process of its own for crash tests: does one thing to a data folder, and is killed at the armed point. */
import { parseDomainId, parseHostId, parseServerId } from '@sekisho/core/ids.ts';
import { spoolItem } from '@sekisho/core/wire/agent.ts';
import { assignmentPayload, policyPayload } from '@sekisho/core/wire/documents.ts';
import { parsePemCertificates } from '@sekisho/pki/certificate.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { dataFolderAt } from '../src/data-folder.ts';
import { KEPT_DOCUMENTS, openDocumentStore } from '../src/documents/document-store.ts';
import { installStaged } from '../src/identity/identity-store.ts';
import { startAgent } from '../src/main.ts';
import { followLinks } from '../src/net/follow-links.ts';
import { installManually } from '../src/setup/manual-install.ts';
import { openSpool } from '../src/spool/spool.ts';
import { openVerification } from '../src/verification/verification-switch.ts';

const [what = '', root = '', ...rest] = process.argv.slice(2);
const folder = dataFolderAt(root);

switch (what) {
  case 'offer': {
    const [domain = '', type = '', file = ''] = rest;
    const store = await openDocumentStore({
      folder: folder.documents,
      anchorsFile: folder.anchorsFile,
      domainId: parseDomainId(domain)!,
      clock: systemClock,
      log: silentLog(),
    });
    const kept = KEPT_DOCUMENTS.find((candidate) => candidate === type)!;
    process.stdout.write(await store.offer(kept, await readFile(file, 'utf8')));
    break;
  }
  case 'repair': {
    const [domain = '', file = '', fingerprint = ''] = rest;
    const store = await openDocumentStore({
      folder: folder.documents,
      anchorsFile: folder.anchorsFile,
      domainId: parseDomainId(domain)!,
      clock: systemClock,
      log: silentLog(),
    });
    const { root: taken } = await store.repair(await readFile(file, 'utf8'), fingerprint);
    process.stdout.write(taken.fingerprint);
    break;
  }
  case 'follow-links': {
    const [domain = '', serverId = '', port = ''] = rest;
    const domainId = parseDomainId(domain)!;
    const documents = await openDocumentStore({
      folder: folder.documents,
      anchorsFile: folder.anchorsFile,
      domainId,
      clock: systemClock,
      log: silentLog(),
    });
    const server = {
      key: 'test',
      priority: 1,
      serverId: parseServerId(serverId)!,
      address: '127.0.0.1',
      port: Number(port),
      protocol: 'https',
      acceptedKeys: [],
    } as const;
    const parts = { documents, domainId, clock: systemClock, log: silentLog() };
    process.stdout.write(String(await followLinks(server, parts)));
    break;
  }
  case 'install': {
    const chain = parsePemCertificates(await readFile(rest[0] ?? '', 'utf8'));
    process.stdout.write((await installStaged(folder, chain)).certificate.fingerprint);
    break;
  }
  case 'manual-install': {
    const [file = '', expectedFingerprint = ''] = rest;
    const answer = await readFile(file, 'utf8');
    const wish = { dataFolder: root, answer, expectedFingerprint, clock: systemClock, log: silentLog() };
    process.stdout.write((await installManually(wish)).hostId);
    break;
  }
  case 'run': {
    const wish = { dataFolder: root, clock: systemClock, random: systemRandom, log: silentLog() };
    const starting = startAgent({ ...wish, env: {} });
    process.once('SIGTERM', () => void starting.then((agent) => agent.stop()).then(() => process.exit(0)));
    await starting;
    break;
  }
  case 'verification': {
    const [hostId = '', policy = '', assignment = ''] = rest;
    const found = await openVerification({
      file: folder.verificationFile,
      hostId: parseHostId(hostId)!,
      policy: () => policyPayload.parse(JSON.parse(policy)),
      assignment: () => assignmentPayload.parse(JSON.parse(assignment)),
      onChanged: () => undefined,
      onRefused: () => undefined,
      clock: systemClock,
      log: silentLog(),
    });
    process.stdout.write(String(found.isOff));
    await found.stop();
    break;
  }
  case 'spool-put': {
    const spool = await openSpool({ folder: folder.spool, log: silentLog() });
    await spool.put(spoolItem.parse(JSON.parse(rest[0] ?? '')));
    process.stdout.write('put');
    break;
  }
  case 'spool-acknowledge': {
    const spool = await openSpool({ folder: folder.spool, log: silentLog() });
    await spool.acknowledge(rest);
    process.stdout.write('acknowledged');
    break;
  }
  default:
    throw new Error(`unknown: ${what}`);
}

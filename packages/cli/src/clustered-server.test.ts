import { startAgent, type RunningAgent } from '@sekisho/agent/main.ts';
import { setupAgent } from '@sekisho/agent/setup/setup-agent.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import * as clusters from '@sekisho/core/wire/clusters.ts';
import { addLegacyHost } from '@sekisho/core/wire/legacy.ts';
import { listServerLists } from '@sekisho/core/wire/server-lists.ts';
import { createToken, getHost, listCertificates, listHosts } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { callerOf } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type LookupFunction } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { runCli } from './main.ts';
import { fakeTerminal } from './testing/fake-terminal.ts';

const VIP = 'backup.test';
const SEKISHO = join(import.meta.dirname, '../bin/sekisho');

/** A command of this process, on the real clock. */
async function sekisho(argv: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const terminal = fakeTerminal({ env: { LANG: 'C.UTF-8', ...env } });
  const io = { ...terminal.io, clock: systemClock, random: systemRandom };
  const exitCode = await runCli([...argv], io);
  assert.ok(exitCode === 0 || argv[0] === 'doctor', terminal.stderr());
  return terminal.stdout();
}

const callerAt = (folder: string): Caller =>
  callerOf(() => {
    const recorded = join(folder, 'run', 'socket-path');
    return existsSync(recorded) ? readFileSync(recorded, 'utf8').trim() : join(folder, 'run', 'admin.sock');
  });

/** A port that is free under both addresses of the nodes. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.2', done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

/** A node's server process, on the folder that the nodes share. */
function runNode(t: TestContext, folder: string, address: string, port: number): ChildProcess {
  const ports = ['--agent-port', String(port), '--admin-port', '0', '--http-port', '0'];
  const child = spawn(SEKISHO, ['server', 'run', '--data', folder, '--listen', address, ...ports], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const end = (): void => void child.kill('SIGKILL');
  process.on('exit', end);
  t.after(() => {
    process.off('exit', end);
    end();
  });
  return child;
}

const ended = (child: ChildProcess): Promise<true> =>
  eventually('the process has ended', () => (child.exitCode ?? child.signalCode) !== null || undefined);

/** The names in the certificate that a server shows. */
const shownNames = (host: string, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });

test('T-20 a management server on a cluster: installed on the active node, taken over by the other one after kill -9', async (t) => {
  const root = await tempFolder(t);
  const folder = join(root, 'shared');
  const ownAgent = join(root, 'node-a');
  const port = await freePort();
  const init = ['server', 'init', '--data', folder, '--name', 'Test', '--cluster', VIP];
  const nodes = ['--node', 'node-a', '--node', 'node-b', '--agent-data', ownAgent];
  const shown = await sekisho([...init, ...nodes], { SEKISHO_AGENT_PORT: String(port) });
  assert.match(shown, /The agent of node-a has its certificate/);
  assert.match(shown, /sekisho agent setup --server backup\.test --name node-b/);
  const fingerprint = /[0-9a-f]{64}/.exec(shown)?.[0];
  assert.ok(fingerprint !== undefined);
  const call = callerAt(folder);

  let active = '127.0.0.2';
  /** The virtual name is where the active node is. */
  const lookup: LookupFunction = (name, options, found) => {
    assert.equal(name, VIP, 'agents know the server by its virtual name alone');
    if (options.all === true) found(null, [{ address: active, family: 4 }]);
    else found(null, active, 4);
  };
  const answers = (): Promise<true> =>
    eventually('the server answers', () =>
      call(listHosts, {}).then(
        () => true as const,
        () => undefined,
      ),
    );
  const agents: RunningAgent[] = [];
  t.after(() => Promise.all(agents.map((agent) => agent.stop())));
  const run = async (dataFolder: string): Promise<RunningAgent> => {
    const own = { dataFolder, clock: systemClock, random: systemRandom, log: silentLog(), lookup };
    const agent = await startAgent({ ...own, env: {} });
    agents.push(agent);
    return agent;
  };
  const setUp = async (name: string, token: string, reissue = false) => {
    const dataFolder = join(root, name);
    const parts = { clock: systemClock, random: systemRandom, log: silentLog(), media: false };
    const server = { host: active, port };
    const how = { name, token: new Secret(token), expectedFingerprint: fingerprint, reissue };
    const done = await setupAgent({ ...parts, ...how, dataFolder, server });
    assert.ok(done !== undefined);
    return done.hostId;
  };
  const online = async (agent: RunningAgent): Promise<void> => {
    await eventually('it is online', async () => {
      await agent.heartbeatNow();
      const { states } = await call(getHost, { params: { id: agent.hostId } });
      return states.includes('online') ? true : undefined;
    });
  };
  const view = async () => {
    const cluster = await call(clusters.getCluster, { params: { name: VIP } });
    return cluster.nodes.map(({ node, certificate, mapped }) => `${node} ${certificate} ${mapped}`);
  };

  const first = runNode(t, folder, active, port);
  await answers();
  let nodeA = await run(ownAgent);
  await online(nodeA);
  const { token } = await call(createToken, { body: { name: 'nodes', usesMax: 2 } });
  const idOfB = await setUp('node-b', token);
  await setUp('laptop', token);
  const laptop = await run(join(root, 'laptop'));
  await online(laptop);

  await t.test(
    'T-20 the active node has its certificate, the other one is let in by one command',
    async () => {
      assert.deepEqual(await view(), ['node-a valid true', 'node-b valid false']);
      assert.match(
        await sekisho(['cluster', 'show', VIP, '--data', folder]),
        /mapping add backup\.test --host node-b --share/,
      );
      await call(clusters.addClusterNode, { params: { name: VIP }, body: { node: 'node-b' } });
      assert.deepEqual(await view(), ['node-a valid true', 'node-b valid true']);
      const { lists } = await call(listServerLists, {});
      assert.deepEqual(
        lists.map(({ servers }) => servers.map(({ address }) => address)),
        [[VIP]],
      );
      assert.match(await shownNames(active, port), /DNS:backup\.test/);
      const names = (await call(listHosts, {})).hosts.map(({ name }) => name);
      assert.deepEqual(names, ['laptop', 'management-server', 'node-a', 'node-b']);
    },
  );

  await t.test('T-20 while one node runs, the other is refused; after kill -9 it takes over', async () => {
    const other = runNode(t, folder, '127.0.0.3', port);
    let said = '';
    other.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await ended(other);
    assert.match(said, /DATABASE_IN_USE/);
    await online(laptop);
    first.kill('SIGKILL');
    await ended(first);
    active = '127.0.0.3';
    runNode(t, folder, active, port);
    await answers();
    await online(laptop);
    await online(nodeA);
    assert.match(await shownNames(active, port), /DNS:backup\.test/);
  });

  await t.test(
    'T-20 after a disaster each node gets its certificate back with a token of one command',
    async () => {
      await nodeA.stop();
      await rm(ownAgent, { recursive: true });
      await rm(join(root, 'node-b'), { recursive: true });
      const tokens = join(root, 'tokens');
      await sekisho(['cluster', 'reissue-tokens', VIP, '--data', folder, '--out-folder', tokens]);
      const secretOf = async (node: string) => (await readFile(join(tokens, `${node}.token`), 'utf8')).trim();
      assert.equal(await setUp('node-a', await secretOf('node-a'), true), nodeA.hostId);
      assert.equal(await setUp('node-b', await secretOf('node-b'), true), idOfB);
      nodeA = await run(ownAgent);
      await online(nodeA);
      const { certificates } = await call(listCertificates, { query: { host: nodeA.hostId } });
      assert.equal(certificates.length, 2, 'the lost one was replaced');
    },
  );

  await t.test('T-20 nodes that were not upgraded are named by cluster show and doctor', async () => {
    await call(addLegacyHost, { body: { name: 'node-c' } });
    await call(clusters.addClusterNode, { params: { name: VIP }, body: { node: 'node-c' } });
    assert.match(await sekisho(['cluster', 'show', VIP, '--data', folder]), /Legacy nodes: node-c\./);
    const found = await sekisho(['doctor', '--server-data', folder, '--agent-data', ownAgent]);
    assert.match(found, /node-c/);
    assert.match(found, /backup\.test/);
  });
});

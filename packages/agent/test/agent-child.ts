/**
 * An agent in a process of its own, so that a test can kill it: data folder, media port, and by how much its clock is behind the machine's
 * (a FakeClock's is). Prints its media port when it runs.
 */
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { startAgent } from '../src/main.ts';

const [dataFolder = '', mediaPort = '0', behindMs = '0'] = process.argv.slice(2);
const agent = await startAgent({
  dataFolder,
  clock: { ...systemClock, nowMs: () => systemClock.nowMs() - Number(behindMs) },
  random: systemRandom,
  log: createLog({ name: 'agent', level: 'warn' }),
  mediaListen: { host: '127.0.0.1', port: Number(mediaPort) },
});
process.stdout.write(`ready ${agent.mediaPort ?? 0}\n`);
process.once('SIGTERM', () => {
  agent.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
setInterval(() => undefined, 60_000);

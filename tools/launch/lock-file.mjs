import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fail, say } from './words.mjs';

const POLL_MS = 300;
const WAIT_MINUTES_MAX = 15;

/** Runs the work while a lock file is held. The file of a process that is gone is taken over. */
export async function withLock(path, work) {
  const mine = `${process.pid} ${startedAt(process.pid)}`;
  const until = performance.now() + WAIT_MINUTES_MAX * 60_000;
  let told = false;
  while (!take(path, mine)) {
    const holder = read(path);
    if (holder === undefined) continue;
    const [pid = '', started = ''] = holder.split(' ');
    if (startedAt(Number(pid)) !== started || started === '') {
      removeStale(path, holder);
      continue;
    }
    if (!told) say('waiting', { pid });
    told = true;
    if (performance.now() > until) fail('waitedTooLong', { minutes: WAIT_MINUTES_MAX, pid, path });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** Written whole under another name and linked into place: nobody ever reads half a lock. */
function take(path, mine) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, mine);
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Two may find the same stale file: who moved a fresh one away puts it back. */
function removeStale(path, stale) {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== stale) linkSync(aside, path);
  } catch {
    // somebody else was faster
  } finally {
    rmSync(aside, { force: true });
  }
}

/** When a process began, in a form that tells it from a later one with the same number; '' when there is none. */
function startedAt(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    try {
      process.kill(pid, 0);
      return 'alive';
    } catch (error) {
      return error.code === 'EPERM' ? 'alive' : '';
    }
  }
}

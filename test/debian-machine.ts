import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const LAYER_MIB = 1_500;
const ENVIRONMENT = ['-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'HOME=/root'];

/** What a command did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * This machine once more, for a test to install on: its system under a layer that takes all writes, in a mount namespace of its own. With the
 * process that holds the namespace all of it is gone. It needs root, overlays and a Debian system; the network is this machine's.
 */
export class DebianMachine {
  readonly #root: string;
  readonly #holder: ChildProcess;

  private constructor(root: string, holder: ChildProcess) {
    this.#root = root;
    this.#holder = holder;
  }

  /** `shared`: a folder that the machine sees at the same place. Undefined where such a machine cannot be made. */
  static async make(t: HasAfter, folder: string, shared: string): Promise<DebianMachine | undefined> {
    const [root, layer] = [join(folder, 'machine'), join(folder, 'layer')];
    for (const path of [root, layer]) await mkdir(path);
    const script = `set -e
      dpkg-query --show passwd libstdc++6 >/dev/null
      mount --make-rprivate /
      mount -t tmpfs -o size=${LAYER_MIB}m tmpfs '${layer}'
      mkdir '${layer}/upper' '${layer}/work'
      mount -t overlay overlay -o 'lowerdir=/,upperdir=${layer}/upper,workdir=${layer}/work' '${root}'
      mount -t proc proc '${root}/proc'
      mount --rbind /dev '${root}/dev'
      mount -t tmpfs tmpfs '${root}/run'
      mount --bind '${shared}' '${root}${shared}'
      echo ready
      exec cat`;
    const holder = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    t.after(async () => {
      if (holder.exitCode !== null) return;
      holder.stdin.end();
      await once(holder, 'exit');
    });
    const ready = once(holder.stdout, 'data').then(() => true);
    const failed = once(holder, 'exit').then(() => false);
    return (await Promise.race([ready, failed])) ? new DebianMachine(root, holder) : undefined;
  }

  /** Runs a command to its end; the code is -1 when it could not be run at all. */
  run(...command: readonly string[]): Promise<Ran> {
    return new Promise((resolve) => {
      execFile('nsenter', this.#words(command), (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ code, stdout, stderr });
      });
    });
  }

  /** Starts a command; whoever calls this stops it. */
  start(...command: readonly string[]): ChildProcess {
    return spawn('nsenter', this.#words(command), { stdio: 'ignore' });
  }

  #words(command: readonly string[]): string[] {
    const target = ['--target', String(this.#holder.pid), '--mount'];
    return [...target, 'chroot', this.#root, 'env', ...ENVIRONMENT, ...command];
  }
}

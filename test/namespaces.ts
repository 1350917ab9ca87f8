import type { HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Machines of a test's own in this one: network namespaces, with links between them and no way out. They need root and `ip` (iproute2).
 * All are removed at the end of the test, with the links.
 */
export class Namespaces<Name extends string> {
  readonly #prefix: string;
  readonly #names: readonly Name[];
  #links = 0;

  private constructor(names: readonly Name[]) {
    this.#prefix = `sekisho-${process.pid}`;
    this.#names = names;
  }

  static async make<Name extends string>(t: HasAfter, names: readonly Name[]): Promise<Namespaces<Name>> {
    const made = new Namespaces(names);
    t.after(() => made.#remove());
    for (const name of names) {
      await ip('netns', 'add', made.of(name));
      await ip('-n', made.of(name), 'link', 'set', 'lo', 'up');
    }
    return made;
  }

  /** As the system calls it. */
  of(name: Name): string {
    return `${this.#prefix}-${name}`;
  }

  /** A cable between two of them, with an address (`10.1.2.3/24`) at each end. */
  async link(a: readonly [Name, string], b: readonly [Name, string]): Promise<void> {
    this.#links += 1;
    const [one, other] = [`v${this.#links}a`, `v${this.#links}b`];
    const ends = ['type', 'veth', 'peer', 'name', other, 'netns', this.of(b[0])];
    await ip('link', 'add', one, 'netns', this.of(a[0]), ...ends);
    for (const [[name, address], device] of [[a, one] as const, [b, other] as const]) {
      await this.ip(name, 'addr', 'add', address, 'dev', device);
      await this.ip(name, 'link', 'set', device, 'up');
    }
  }

  /** `ip` in one of them: addresses and routes. */
  async ip(name: Name, ...args: readonly string[]): Promise<string> {
    return ip('-n', this.of(name), ...args);
  }

  /** A command in one of them, as words before it. */
  enter(name: Name): string[] {
    return ['ip', 'netns', 'exec', this.of(name)];
  }

  async #remove(): Promise<void> {
    for (const name of this.#names) await ip('netns', 'delete', this.of(name)).catch(() => undefined);
  }
}

async function ip(...args: readonly string[]): Promise<string> {
  return (await run('ip', args)).stdout;
}

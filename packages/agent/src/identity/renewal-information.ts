import { renewalInformation, type RenewalInformation } from '@sekisho/core/wire/agent.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readFile, rm } from 'node:fs/promises';
import { isMissing } from '../settings.ts';

/** T-09 When the server wants the certificate renewed; kept, so that it holds over a restart without the server. */
export interface KeptRenewal {
  /** The moment for that certificate (fingerprint, hex), if the server gave one. */
  renewAtMs(fingerprint: string): number | undefined;
  /** What the server says now; undefined or null: nothing any more. Resolves with whether that is new, once it is on the disk. */
  take(said: RenewalInformation | null | undefined): Promise<boolean>;
}

export async function openRenewalInformation(options: { file: string; log: Log }): Promise<KeptRenewal> {
  const { file, log } = options;
  let kept = await read(file, log);
  let turn: Promise<unknown> = Promise.resolve();

  async function keep(said: RenewalInformation | undefined): Promise<boolean> {
    if (said?.fingerprint === kept?.fingerprint && said?.renewAtMs === kept?.renewAtMs) return false;
    if (said === undefined) await rm(file, { force: true });
    else await writeDurably(file, JSON.stringify(said));
    kept = said;
    return true;
  }

  return {
    renewAtMs: (fingerprint) => (kept?.fingerprint === fingerprint ? kept.renewAtMs : undefined),
    take(said) {
      const taken = turn.then(() => keep(said ?? undefined));
      turn = taken.catch(() => undefined);
      return taken;
    },
  };
}

/** What is not readable is nothing: the certificate is renewed by the agent's own reckoning. */
async function read(file: string, log: Log): Promise<RenewalInformation | undefined> {
  try {
    const parsed = renewalInformation.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (!isMissing(error)) log.warn({ err: error }, 'what the server said about the renewal is not readable');
    return undefined;
  }
}

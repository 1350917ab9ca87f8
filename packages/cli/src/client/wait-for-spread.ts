import { fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getRevocation, type RevocationView } from '@sekisho/core/wire/trust.ts';
import { note, type Cli } from '../cli.ts';

const POLL_MS = 1_000;

/** Says how a revocation spreads until every other host has confirmed it (T-44); Ctrl-C ends the waiting, not the revocation. */
export async function waitForSpread(cli: Cli, call: Caller, id: number): Promise<RevocationView> {
  const stopped = new AbortController();
  const release = cli.io.onStop(() => stopped.abort());
  let said = '';
  try {
    for (;;) {
      const view = await call(getRevocation, { params: { id } });
      const line = fill(cli.words.revocations.waiting, { confirmed: view.confirmed, hosts: view.hosts });
      if (line !== said) note(cli, line);
      said = line;
      if (view.allAtMs !== null || stopped.signal.aborted) return view;
      await cli.io.clock.sleep(POLL_MS, stopped.signal);
    }
  } finally {
    release();
  }
}

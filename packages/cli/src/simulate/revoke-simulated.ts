import { listHosts, revokeHost, type HostView } from '@sekisho/core/wire/trust.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';

/** Revokes every host of one seed, also those of an earlier run; gives their number. */
export async function revokeSimulated(call: Caller, seed: number): Promise<number> {
  const mine: HostView[] = [];
  let after: string | undefined;
  do {
    const page = await call(listHosts, { query: { limit: 500, ...(after === undefined ? {} : { after }) } });
    mine.push(...page.hosts.filter(({ name }) => name.startsWith(`sim-${seed}-`)));
    after = page.next ?? undefined;
  } while (after !== undefined);
  const valid = mine.filter(({ states }) => !states.includes('revoked'));
  for (const { id } of valid)
    await call(revokeHost, { params: { id }, body: { reason: 'cessationOfOperation' } });
  return valid.length;
}

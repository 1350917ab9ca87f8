import { parseHostId } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { listHosts, revokeHost } from '@sekisho/core/wire/trust.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { revokeSimulated } from './revoke-simulated.ts';

const host = (digit: number, name: string, states: readonly string[] = []) => ({
  id: parseHostId(`00000000-0000-4000-8000-00000000000${digit}`),
  name,
  states,
});

test('S-10 the clean-up revokes the hosts of its seed alone, on all pages, and none twice', async () => {
  const pages = [
    { hosts: [host(1, 'sim-7-1'), host(2, 'sim-70-1'), host(3, 'web-01')], next: 'web-01' },
    { hosts: [host(4, 'sim-7-2'), host(5, 'sim-7-3', ['revoked'])], next: null },
  ];
  const revoked: unknown[] = [];
  const call = ((route: unknown, input: { params: { id: unknown } }) => {
    if (route === listHosts) return Promise.resolve(pages.shift());
    assert.equal(route, revokeHost);
    revoked.push(input.params.id);
    return Promise.resolve({});
  }) as unknown as Caller;
  assert.equal(await revokeSimulated(call, 7), 2);
  assert.deepEqual(revoked, [host(1, '').id, host(4, '').id]);
});

import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import * as wire from '@sekisho/core/wire/names.ts';
import { listAudit } from '@sekisho/core/wire/trust.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { forgetAddresses } from './forget-addresses.ts';

const ADDRESS = '192.0.2.7';

eachStore((dialect) => {
  test('T-31 addresses that were mapped automatically are handed on, and forgotten', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const client = await WireAgent.enrol(t, trust, 'client');
    const first = await WireAgent.enrol(t, trust, 'first');
    const second = await WireAgent.enrol(t, trust, 'second');
    const { context } = trust.server;
    const { names } = context;
    const peer = ({ hostId, identity }: WireAgent) => ({
      hostId,
      fingerprint: identity.certificate.fingerprint,
    });
    /** What `client` hears that met this host under the address. */
    const met = async (host: WireAgent): Promise<string> => {
      const question = { name: ADDRESS, direction: 'dialled', ...peer(host) } as const;
      const asker = { hostId: client.hostId, address: 'unknown' };
      const [answer] = await names.answer(asker, [question]);
      return answer?.allow === true ? 'allowed' : (answer?.code ?? '?');
    };
    const shown = async (): Promise<(string | number)[]> => {
      const { mappings } = await trust.call(wire.listMappings, { query: { name: ADDRESS } });
      return mappings.flatMap(({ host, lastSeenAtMs }) => [
        host.name,
        Math.round(((lastSeenAtMs ?? 0) - startMs) / DAY_MS),
      ]);
    };
    const startMs = clock.nowMs();
    const flush = async (): Promise<void> => {
      await names.flush();
      await context.feed.catchUp();
    };

    await t.test(
      'T-31 while its host is met there, it is noted once a day, and nobody else gets it',
      async () => {
        assert.equal(await met(first), 'allowed');
        assert.deepEqual(await shown(), ['first', 0]);
        clock.jump(DAY_MS - 1);
        assert.equal(await met(first), 'allowed');
        await flush();
        assert.deepEqual(await shown(), ['first', 0]);
        clock.jump(1);
        names.noteAddress(peer(first), ADDRESS);
        let written = 0;
        context.feed.subscribeMany(
          ['name-found'],
          (changes) => {
            written += changes.length;
            return Promise.resolve();
          },
          () => Promise.resolve(),
        );
        await flush();
        assert.deepEqual(await shown(), ['first', 1]);
        names.noteAddress(peer(first), ADDRESS);
        await flush();
        assert.equal(written, 1, 'written once');
        assert.equal(await met(second), 'PEER_NAME_PENDING');
      },
    );

    await t.test('T-31 who has seen its certificate is told the name of the host, nobody else', async () => {
      const hostOf = async (more: { fingerprint?: Sha256Hex }) => {
        const { hostId } = second;
        const question = { name: ADDRESS, direction: 'dialled', hostId, ...more } as const;
        const [answer] = await names.answer({ hostId: client.hostId, address: 'unknown' }, [question]);
        return answer?.params?.['host'];
      };
      assert.equal(await hostOf(peer(second)), 'second');
      assert.equal(await hostOf({}), second.hostId);
    });

    await t.test('T-31 a channel that stays open keeps the address', async () => {
      const channel = new EventEmitter();
      names.noteChannel(peer(first), ADDRESS, channel);
      clock.jump(3 * DAY_MS);
      await flush(); // looks at the channel, and writes
      assert.deepEqual(await shown(), ['first', 4]);
      channel.emit('close');
      clock.jump(2 * DAY_MS);
      await flush();
      assert.deepEqual(await shown(), ['first', 4]);
    });

    await t.test('T-31 its host is gone: who is met there has it now', async () => {
      const generation = names.index.generation;
      assert.equal(await met(second), 'allowed');
      assert.deepEqual(await shown(), ['second', 6]);
      assert.ok(names.index.generation > generation, 'agents ask again');
      assert.equal(await met(first), 'PEER_NAME_PENDING');
      const { rows } = await trust.call(listAudit, { query: { act: 'map-name', subject: ADDRESS } });
      assert.match(JSON.stringify(rows[0]), new RegExp(`"from":\\["${first.hostId}"\\]`));
    });

    await t.test('T-31 nobody is met there for a month: it is forgotten; names stay', async () => {
      await names.answer({ hostId: client.hostId, address: 'unknown' }, [
        { name: 'alias.example', direction: 'dialled', ...peer(second) },
      ]);
      const forget = () => forgetAddresses(context, () => Promise.resolve());
      clock.jump(30 * DAY_MS);
      assert.equal(await forget(), 1);
      await context.feed.catchUp();
      assert.deepEqual(await shown(), []);
      assert.equal(await forget(), 0);
      const { mappings } = await trust.call(wire.listMappings, { query: { name: 'alias.example' } });
      assert.deepEqual(
        mappings.map(({ host, lastSeenAtMs }) => [host.name, lastSeenAtMs]),
        [['second', null]],
      );
      const { rows } = await trust.call(listAudit, { query: { act: 'delete-name', subject: ADDRESS } });
      assert.equal(rows.length, 1);
      assert.equal(await met(first), 'allowed');
    });
  });
});

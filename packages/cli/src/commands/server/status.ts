import { fill } from '@sekisho/core/errors.ts';
import { getDomain, HOST_STATES } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { waitForServer } from '../../client/wait-for-server.ts';
import { withServer } from '../../client/open-server.ts';
import { allHosts } from '../../client/resolve.ts';
import { durationMs } from '../../flag.ts';
import { renderPairs } from '../../output/table.ts';
import { findUnverified, unverifiedText } from '../../output/verification-risk.ts';
import { defineVerb } from '../../verb.ts';

/** `server status`: the domain and its hosts by state. */
export const serverStatus = defineVerb({
  path: 'server status',
  args: {},
  flags: { data: serverData, wait: durationMs('--wait <duration>', '1s', '10m') },
  examples: { plain: 'sekisho server status', wait: 'sekisho server status --wait 60s' },
  run: async ({ cli, flags }) => {
    if (flags.wait !== undefined) await waitForServer(cli, flags.data, flags.wait);
    return withServer(cli, flags.data, async ({ call, place }) => {
      const domain = await call(getDomain);
      const unverified = await findUnverified(call);
      const counts = new Map<(typeof HOST_STATES)[number], number>();
      let total = 0;
      for await (const host of allHosts(call)) {
        total += 1;
        for (const state of host.states) counts.set(state, (counts.get(state) ?? 0) + 1);
      }
      const { labels, notes, states } = cli.words;
      const byState = HOST_STATES.filter((state) => counts.has(state));
      return {
        json: {
          running: true,
          domain,
          ...(place.kind === 'local'
            ? { data: place.folder, socketPath: place.socketPath }
            : { server: place.url }),
          unverified,
          hosts: { total, states: Object.fromEntries(byState.map((state) => [state, counts.get(state)])) },
        },
        text: [
          ...renderPairs([
            [labels.domain, domain.name],
            [labels.domainId, domain.domainId],
            [labels.caFingerprint, domain.caFingerprint],
            [labels.version, domain.serverVersion],
            [
              labels.addresses,
              domain.addresses.map(({ address, agentPort, adminPort, httpPort }) =>
                fill(notes.addressLine, { address, agentPort, adminPort, httpPort }),
              ),
            ],
            place.kind === 'local' ? [labels.adminSocket, place.socketPath] : [labels.server, place.url],
            [
              labels.hosts,
              [
                cli.format.count(total),
                ...byState.map(
                  (state) => `${cli.format.count(counts.get(state) ?? 0)} ${states.host[state]}`,
                ),
              ],
            ],
          ]),
          ...unverifiedText(cli, unverified),
        ],
      };
    });
  },
});

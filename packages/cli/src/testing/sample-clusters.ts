import { AppError } from '@sekisho/core/errors.ts';
import * as wire from '@sekisho/core/wire/clusters.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { STORE, WEB } from './sample-ids.ts';

const TOKEN = '55555555-5555-4555-8555-555555555555';
const CLUSTER: z.input<typeof wire.clusterView> = {
  name: 'files.example.com',
  nodes: [
    {
      node: 'files-a',
      hostId: WEB,
      certificate: 'valid',
      notAfterMs: TEST_NOW_MS + 86_400_000,
      mapped: true,
      legacy: false,
    },
    { node: 'files-b', hostId: STORE, certificate: 'none', notAfterMs: null, mapped: false, legacy: true },
    { node: 'files-c', hostId: null, certificate: 'none', notAfterMs: null, mapped: false, legacy: false },
  ],
  mixed: true,
  createdAtMs: TEST_NOW_MS,
  createdBy: 'office',
};

function one(name: string): z.input<typeof wire.clusterView> {
  if (name !== CLUSTER.name) throw new AppError('NOT_FOUND', { what: 'cluster', id: name });
  return CLUSTER;
}

/** One cluster: a good node, one without name and certificate, one that is no host yet. */
export const clusterSamples = (): FakeRoute[] => [
  fakeRoute(wire.createCluster, ({ body }) => {
    if (body.name === CLUSTER.name) throw new AppError('CLUSTER_EXISTS', { name: body.name });
    return { ...CLUSTER, name: body.name, nodes: CLUSTER.nodes.slice(0, 1), mixed: false };
  }),
  fakeRoute(wire.listClusters, () => ({ clusters: [CLUSTER] })),
  fakeRoute(wire.getCluster, ({ params }) => one(params.name)),
  fakeRoute(wire.addClusterNode, ({ params }) => one(params.name)),
  fakeRoute(wire.removeClusterNode, ({ params }) => one(params.name)),
  fakeRoute(wire.deleteCluster, ({ params }) => ({ deleted: one(params.name).name })),
  fakeRoute(wire.reissueClusterTokens, ({ params }) => ({
    tokens: [
      {
        node: one(params.name).nodes[0]?.node ?? '',
        token: {
          id: TOKEN,
          name: params.name,
          purpose: 'reissue' as const,
          state: 'active' as const,
          usesMax: 1,
          uses: 0,
          expiresAtMs: TEST_NOW_MS + 86_400_000,
          hostName: null,
          hostId: WEB,
          media: false,
          createdAtMs: TEST_NOW_MS,
          createdBy: 'office',
          token: 'secret-of-files-a',
        },
      },
    ],
    withoutHost: ['files-c'],
  })),
];

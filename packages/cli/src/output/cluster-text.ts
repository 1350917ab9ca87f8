import { fill } from '@sekisho/core/errors.ts';
import type { ClusterNode, ClusterView } from '@sekisho/core/wire/clusters.ts';
import type { Cli } from '../cli.ts';
import { renderTable } from './table.ts';
import { timesLine } from './times-line.ts';

/** A cluster with its nodes, and what is to be done about each. */
export const clusterText = (cli: Cli, cluster: ClusterView): string[] => [
  ...nodesTable(cli, cluster.nodes),
  timesLine(cli),
  ...clusterTroubles(cli, cluster),
];

/** What each node has. */
export function nodesTable(cli: Cli, nodes: readonly ClusterNode[]): string[] {
  const { certificates, labels } = cli.words;
  return renderTable(
    [
      certificates.node,
      certificates.nodeCertificate,
      labels.validUntil,
      certificates.nodeMapped,
      certificates.nodeProtocol,
    ].map((title) => ({ title })),
    nodes.map((one) => [
      one.node,
      certificates.nodeStates[one.certificate],
      cli.format.time(one.notAfterMs),
      cli.format.yesNo(one.mapped),
      one.legacy ? certificates.protocolLegacy : certificates.protocolCurrent,
    ]),
  );
}

/** Each thing that is wrong, with the command that mends it. */
export function clusterTroubles(cli: Cli, { name, nodes, mixed }: ClusterView): string[] {
  const { certificates } = cli.words;
  const lines: string[] = [];
  for (const { node, hostId, certificate, mapped, legacy } of nodes) {
    if (hostId === null) {
      lines.push(fill(certificates.clusterNodeNotHost, { node }));
      continue;
    }
    if (!mapped) lines.push(fill(certificates.clusterNodeUnmapped, { node, name }));
    if (certificate !== 'valid' && !legacy)
      lines.push(fill(certificates.clusterNodeNoCertificate, { node, name }));
  }
  const legacy = nodes.filter((one) => one.legacy).map(({ node }) => node);
  if (mixed) lines.push(fill(certificates.clusterMixed, { nodes: legacy.join(', ') }));
  return lines;
}

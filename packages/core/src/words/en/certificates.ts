/** The help of the commands about the life of certificates. */
const data = 'data folder of the management server';
const agentData = "the agent's data folder";

export const certificateVerbs = {
  'cert forecast': {
    summary: 'Show how many certificates will be renewed on each of the coming days',
    args: {},
    flags: { data, days: 'so many days' },
    examples: { plain: 'The coming month', year: 'The coming year' },
  },
  'cert drill': {
    summary: 'Prove that renewals work: renew the certificates of some hosts now',
    args: {},
    flags: {
      data,
      share: 'percent of all hosts, drawn by lot',
      host: 'exactly this host (name or ID, repeatable)',
      wait: 'a host that is online and does not renew counts as silent after this long',
    },
    examples: { share: 'One host in twenty', hosts: 'Two hosts of your choice' },
  },
  'cert request': {
    summary: 'On a host with no route to the server: make a key and a certificate request as a file',
    args: {},
    flags: {
      data: agentData,
      out: 'where the request is written',
      name: "the host's name (default: this machine's)",
      alias: 'further name or address (repeatable)',
      media: 'ask for the role of media server',
      reissue: 'replace the certificate that this host has',
    },
    examples: { plain: 'A new host', again: 'A host that lost its certificate; it needs a reissue token' },
  },
  'cert sign': {
    summary: 'Decide about a certificate request that came as a file, and write the answer',
    args: { file: 'the request; - reads standard input' },
    flags: {
      data,
      out: 'where the answer is written',
      tokenFile: 'file with an authorization token; - reads standard input',
      tokenEnv: 'environment variable that holds the token',
      media: 'the host may become a media server',
    },
    examples: {
      plain: 'A new host: you approve it',
      reissue: 'A host that has a host ID: with its reissue token',
    },
  },
  'cert export': {
    summary: "Save this host's key and certificate into a file, under a passphrase",
    args: {},
    flags: {
      data: agentData,
      out: 'where the file is written',
      passphraseFile: 'file with the passphrase; - reads standard input',
      passphraseEnv: 'environment variable that holds the passphrase',
    },
    examples: { ask: 'The passphrase is typed twice', script: 'From a script' },
  },
  'cert import': {
    summary: 'Bring an exported key and certificate back to this host',
    args: { file: 'the exported file' },
    flags: {
      data: agentData,
      passphraseFile: 'file with the passphrase; - reads standard input',
      passphraseEnv: 'environment variable that holds the passphrase',
    },
    examples: { ask: 'After the machine was installed anew' },
  },
  'agent uninstall': {
    summary: "Remove this host's certificate, key and trust, and the agent's data",
    args: {},
    flags: { data: agentData, keepData: 'keep reports, the record of jobs, and repositories' },
    examples: { plain: 'Shows first what goes', keep: 'A media server whose repositories stay' },
  },
  'cert install': {
    summary: 'On the host: deploy the certificate out of the file that cert sign wrote',
    args: { file: 'the answer; - reads standard input' },
    flags: { data: agentData, caFingerprint: 'the CA fingerprint, as an administrator gave it' },
    examples: { plain: 'All is checked before anything is changed' },
  },
};

const cluster = 'virtual name of the cluster';
const node = "a node's own primary name (repeatable)";

export const clusterVerbs = {
  'cluster create': {
    summary: 'Name the nodes that share a virtual name',
    args: { name: cluster },
    flags: { data, node },
    examples: { two: 'Two nodes; the virtual name is approved for both' },
  },
  'cluster list': {
    summary: 'List the clusters',
    args: {},
    flags: { data },
    examples: { plain: 'Their nodes, and whether all is well' },
  },
  'cluster show': {
    summary: 'Show for each node whether it has a certificate and the virtual name',
    args: { name: cluster },
    flags: { data },
    examples: { plain: 'One cluster' },
  },
  'cluster add-node': {
    summary: 'Add a node and approve the virtual name for it',
    args: { name: cluster, node: "the node's own primary name" },
    flags: { data },
    examples: { plain: 'A third node' },
  },
  'cluster remove-node': {
    summary: 'Remove a node; it may not go by the virtual name any more',
    args: { name: cluster, node: "the node's own primary name" },
    flags: { data },
    examples: { plain: 'A node that is gone' },
  },
  'cluster delete': {
    summary: 'Forget a cluster; no node may go by the virtual name any more',
    args: { name: cluster },
    flags: { data },
    examples: { script: 'Without a question' },
  },
  'cluster reissue-tokens': {
    summary: 'Make a reissue token for every node at once (after disaster recovery)',
    args: { name: cluster },
    flags: { data, outFolder: 'one file for each node, instead of printing them' },
    examples: { files: 'A file for each node, for its owner alone', print: 'Shown once' },
  },
};

/** What they say. */
export const certificates = {
  day: 'Day from',
  renewals: 'Renewals',
  load: 'Load',
  outcome: 'Outcome',
  forecastTotal: '{shown} of {total} certificates are renewed in this time. The busiest day has {most}.',
  drillPreview:
    'These hosts get a new key and certificate now ({count} of {total}); backups go on meanwhile:',
  drillMore: '… and {count} more',
  drillOffline: 'Of them offline, so that they cannot renew now: {count}.',
  drillQuestion: 'Start the drill?',
  drillStarted: 'The drill is task {id}. To end it early: sekisho task cancel {id}',
  drillDone: 'Renewed: {renewed}. Failed: {failed}. Offline: {offline}. Silent: {unanswered}.',
  drillResultMore: '… and {count} more, all in: sekisho task show {id}',
  drillProblems: 'Look at these hosts: sekisho host show HOST, and on the host: sekisho agent status',
  requestWritten: 'The request is in {path}; its key stays on this host. SHA-256 of the request:',
  requestNext:
    'Carry the file to an administrator, who compares these digits: sekisho cert sign {file} --out answer.json. Then, here: sekisho cert install answer.json --ca-fingerprint HEX',
  signPreview: 'The request asks for a certificate for: {names}. SHA-256 of the request:',
  signMedia: 'It asks for the role of media server too.',
  signCompare: 'Compare these digits with those that the host showed.',
  signQuestion: 'Approve it?',
  signed: 'Certificate for {name} ({id}) issued: {path}',
  signNext: 'Carry the file to the host: sekisho cert install {file} --ca-fingerprint HEX',
  exportWritten:
    '{path} holds the key and the certificate of {name}. Whoever has the file and the passphrase is this host: keep both apart.',
  imported: '{name} has its certificate back, valid until {until}.',
  importUnchecked:
    'The management server could not be asked whether it is revoked; if it is, the agent will be refused.',
  uninstallPreview:
    'Of {name}, this is removed from {folder}: certificate, key, trusted CA and signed documents.',
  uninstallKeeps: 'Reports, the record of jobs and repositories stay.',
  uninstallReports: 'Lost with it: {count} reports that the server has not got yet.',
  uninstallRepositories: 'Lost with it: {count} repositories with all recovery points of their hosts.',
  uninstallRuns: 'The running agent is stopped first.',
  uninstallExport: 'To keep the certificate, save it first: sekisho cert export --out FILE',
  uninstallQuestion: 'Uninstall?',
  uninstalled: 'The agent of {name} is uninstalled.',
  uninstallTold: 'The management server knows it.',
  uninstallUntold: 'The management server could not be told.',
  uninstallRevoke:
    'Its certificate stays valid until it expires. To end it now, on the management server: sekisho cert revoke {name} --reason cessationOfOperation',
  node: 'Node',
  nodeCertificate: 'Certificate',
  nodeMapped: 'Virtual name',
  nodeProtocol: 'Protocol',
  protocolLegacy: 'legacy',
  protocolCurrent: 'current',
  nodeStates: { valid: 'valid', revoked: 'revoked', expired: 'expired', none: 'none' },
  clusterNodes: 'Nodes',
  clusterTrouble: 'Look at',
  noClusters: 'There are no clusters. Make one: sekisho cluster create NAME --node NODE --node NODE',
  clusterNodeUnmapped:
    '{node} may not go by {name}: it is refused when it takes over. To approve: sekisho mapping add {name} --host {node} --share',
  clusterNodeNotHost: '{node} is no host yet. Set it up with its own name: sekisho agent setup --name {node}',
  clusterNodeNoCertificate:
    '{node} has no valid certificate. Tokens for all nodes: sekisho cluster reissue-tokens {name}',
  clusterMixed: 'Legacy nodes: {nodes}. Nodes that share a virtual name must be upgraded together.',
  clusterDeletePreview: 'The nodes of {name} may not go by this name any more: {nodes}',
  clusterDeleteQuestion: 'Forget the cluster?',
  clusterDeleted: 'The cluster {name} is forgotten.',
  clusterTokensShown: 'These tokens are shown once. Each is good for one node and 24 hours:',
  clusterTokensWritten: 'Reissue tokens, each for one node and 24 hours: {folder}',
  clusterTokenUse: 'On each node: sekisho agent setup --reissue --token-file FILE',
  activeNodeDeployed: 'The agent of {node} has its certificate, and may go by {name}.',
  otherNodeNext:
    'Deploy {node} by hand, once the server runs. Here: sekisho token create --name {node} --host {node}. There: sekisho agent setup --server {name} --name {node}. Then let it carry the name: sekisho cluster add-node {name} {node}',
  serverJoined: 'This server belongs to the domain, and is reached under: {addresses}',
  serverJoinedNext: 'Start it: sekisho server run --data {data}',
  clusterWithoutHost: 'No token for {nodes}: never enrolled. They need an ordinary one: sekisho token create',
  outcomes: {
    renewed: 'renewed',
    failed: 'failed',
    offline: 'offline',
    unanswered: 'silent',
  },
};

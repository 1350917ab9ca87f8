/** Words of the commands about management server lists, and of the communication package. */
const data = "the management server's data folder";
const list = 'name of the list';
const server = 'server as ADDRESS or ADDRESS:PORT';
const entry = 'server: ADDRESS[:PORT][=PRIORITY], with http:// in front for an HTTP entry';
const group = 'name, path or ID of the group';
const dryRun = 'show what it would do, and change nothing';
const acceptUnreachable = 'though no server of the list can be reached from the management server';

export const serverListNouns = { 'server-list': 'management server lists: where agents find their server' };

export const serverListVerbs = {
  'server-list list': {
    summary: 'List the management server lists',
    args: {},
    flags: { data },
    examples: { plain: 'Which lists are there, and who has them?' },
  },
  'server-list show': {
    summary: 'Show the servers of a list, by priority',
    args: { list },
    flags: { data },
    examples: { plain: 'The list that servers fill themselves' },
  },
  'server-list create': {
    summary: 'Make a list out of servers',
    args: { list },
    flags: { data, server: entry, dryRun, acceptUnreachable },
    examples: { two: 'One server, and one to fail over to' },
  },
  'server-list copy': {
    summary: 'Copy a list under another name',
    args: { list, name: 'name of the copy' },
    flags: { data, dryRun, acceptUnreachable },
    examples: { plain: 'A list to be edited by hand' },
  },
  'server-list add': {
    summary: 'Add a server to a list',
    args: { list, server: entry },
    flags: {
      data,
      acceptKey:
        'SHA-256 of the public key of a certificate from outside that agents accept there (repeatable)',
      dryRun,
      acceptUnreachable,
    },
    examples: { plain: 'Another server, asked when those of priority 1 do not answer' },
  },
  'server-list set': {
    summary: 'Change the priority of a server, or which certificates from outside agents accept there',
    args: { list, server },
    flags: {
      data,
      priority: '1 is asked first',
      acceptKey:
        'SHA-256 of the public key of a certificate from outside that agents accept there (repeatable)',
      withoutKeys: 'accept no certificate from outside there any more',
      dryRun,
      acceptUnreachable,
    },
    examples: { plain: 'Ask this server only when others do not answer' },
  },
  'server-list remove': {
    summary: 'Remove a server from a list',
    args: { list, server },
    flags: { data, dryRun, acceptUnreachable },
    examples: { plain: 'A server that is gone' },
  },
  'server-list rename': {
    summary: 'Give a list another name',
    args: { list, name: 'its new name' },
    flags: { data },
    examples: { plain: 'Another name' },
  },
  'server-list assign': {
    summary: 'Give a list to a group, and to the groups below it that inherit',
    args: { list, group },
    flags: { data, dryRun, acceptUnreachable },
    examples: { look: 'Which hosts would get it?', plain: 'The hosts of the group get it at once' },
  },
  'server-list unassign': {
    summary: 'Take a list away from a group: it has the list from above again',
    args: { list, group },
    flags: { data, dryRun },
    examples: { plain: 'Back to the list of the group above' },
  },
  'server-list export': {
    summary: 'Write a list into a file that can be read, edited and imported',
    args: { list },
    flags: { data, out: 'file to write; it must not be there yet. Without it: standard output' },
    examples: { plain: 'To be imported elsewhere, or kept' },
  },
  'server-list import': {
    summary: 'Make a list out of a file, or replace the servers of a list',
    args: { file: 'file of server-list export; - is standard input' },
    flags: {
      data,
      name: "another name than the file's",
      into: 'list whose servers are replaced',
      dryRun,
      acceptUnreachable,
    },
    examples: { plain: 'A new list', into: 'The servers of a list that is there' },
  },
  'server-list package': {
    summary: 'Export a communication package, for agents that find or accept no server any more',
    args: { list },
    flags: { data, out: 'file to write, which must not be there yet; - is standard output' },
    examples: { plain: 'Carry it to the host, and run there: sekisho agent repair FILE' },
  },
  'server-list delete': {
    summary: 'Delete a list that no group has',
    args: { list },
    flags: { data },
    examples: { plain: 'A list that is no longer used' },
  },
};

export const repairVerbs = {
  'agent repair': {
    summary: 'Take a communication package: this agent gets its server list and trust store anew',
    args: { file: 'file of server-list package; - is standard input' },
    flags: {
      data: "the agent's data folder",
      caFingerprint: 'CA fingerprint of the package, as your administrator gave it',
      caFingerprintFile: 'file with the CA fingerprint',
    },
    examples: {
      plain: 'The CA is known: no question',
      anew: 'The CA is another one: its fingerprint comes from your administrator',
    },
  },
};

/** What they say. */
export const serverLists = {
  id: 'ID',
  changedAt: 'Changed',
  server: 'Server',
  priority: 'Priority',
  protocol: 'Protocol',
  keptBy: 'Kept by',
  byHand: 'by hand',
  byServer: 'the server itself',
  keys: 'Accepted keys',
  pinned:
    '* While the TLS certificate is changed, or one from outside is in use, agents are told these keys: {keys}',
  servers: 'Servers',
  groups: 'Groups',
  hosts: 'Hosts',
  holding: 'Up to date',
  usedBelow: 'the groups that have no other',
  standard: '{name} (filled by the servers)',
  changesFor: 'It changes for: {hosts}',
  nobody: 'No host has this list.',
  names: '  {names}',
  more: '  {names}, and {count} more',
  elsewhere: 'Connected at present to a server that is not in the list, and will change over: {hosts}',
  reachable: '{server}: answers',
  notReachable: '{server}: {words}',
  warning: 'Note: {words}',
  changeQuestion: 'Change the list?',
  assignQuestion: 'Give the list to the group?',
  unassignQuestion: 'Take the list away from the group?',
  deleteQuestion: 'Delete the list {name}?',
  dryRun: 'Nothing was changed.',
  created: 'The list {name} is made. Give it to a group: sekisho server-list assign {name} GROUP',
  changed: 'The list {name} is changed. Agents fetch it now: {hosts}',
  renamed: 'The list is called {name} now.',
  assigned: 'The group {group} has the list {name} now. Agents fetch it: {hosts}',
  unassigned: 'The group {group} has the list from above again. Agents fetch it: {hosts}',
  deleted: 'The list {name} is deleted.',
  exported: 'Written: {file}',
  packaged: 'Communication package: {file}',
  packageUse: 'Carry it to the host, and run there: sekisho agent repair {file}',
  packageFingerprint:
    'If the agent does not know the CA any more, it asks for this fingerprint. Tell it another way than with the file:',
  refusesServer:
    'This agent refuses the certificate of a management server. If nobody changed anything there, somebody may stand in between: repair nothing.',
  refusesServerMend:
    'If the CA was changed: have an administrator export a communication package (sekisho server-list package), then: sekisho agent repair FILE',
  repairShown: 'The package is signed under a CA that this agent does not know yet. Its fingerprint:',
  repairQuestion: 'Is this the fingerprint that your administrator gave you?',
  repaired: 'The package is taken: generation {generation}, list {serial}.',
  repairedServers: 'Servers: {servers}',
  repairNewCa: 'The agent trusts the CA {fingerprint} now.',
  repairConnected: 'The management server answers again.',
  repairNotYet: 'The management server does not answer yet: {words}',
  repairStart: 'Start the agent: sekisho agent run --data {data}',
  repairRenews:
    'The certificate of this host is of a CA that has left the domain. The agent renews it by itself; see in a minute: sekisho agent status',
  repairEnrol:
    "This host's own certificate is not accepted any more. Ask your administrator for a reissue token, stop the agent, then:",
};

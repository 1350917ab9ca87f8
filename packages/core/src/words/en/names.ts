/** What the commands about names of hosts, and about whether hosts may talk, say in English. */
const data = 'data folder of the management server';
const name = 'a DNS name or an address';
const host = 'the host it is about (name or ID)';
const limit = 'at most so many rows';
const after = 'the next page: what the last one ended with';

export const nameNouns = { mapping: 'names of hosts: which belong to whom, and which wait' };

export const nameVerbs = {
  'mapping list': {
    summary: 'List which names belong to which hosts',
    args: {},
    flags: { data, host, name: 'this name alone', kind: 'only those of this kind', limit, after },
    examples: { plain: 'All', host: 'The names of one host', automatic: 'What was mapped by itself' },
  },
  'mapping pending': {
    summary: 'List names that wait for you, conflicts with both hosts',
    args: {},
    flags: { data, host, rejected: 'also those that were rejected', limit, after },
    examples: { plain: 'What waits', rejected: 'And what was rejected' },
  },
  'mapping add': {
    summary: 'Map a name to a host; its certificate gets it by a renewal',
    args: { name },
    flags: {
      data,
      host,
      move: 'take it from the host that has it',
      share: 'let all of them go by it: a virtual name of a cluster',
    },
    examples: { plain: 'An alias', share: 'A virtual name on both nodes' },
  },
  'mapping approve': {
    summary: 'Approve a name that waits',
    args: { name },
    flags: { data, host, move: 'take it from the host that has it', share: 'let both go by it' },
    examples: { plain: 'A name that nobody has', move: 'The machine was replaced by another' },
  },
  'mapping reject': {
    summary: 'Reject a name that waits: it stays refused',
    args: { name },
    flags: { data, host },
    examples: { plain: 'That is not its name' },
  },
  'mapping delete': {
    summary: 'Take a name from a host; its primary name stays',
    args: { name },
    flags: { data, host },
    examples: { plain: 'An alias that is no longer in use' },
  },
  'host reset': {
    summary:
      'Forget what is remembered of a host: further names, how it talked; name, ID and certificate stay',
    args: { host: 'name or ID of the host' },
    flags: { data },
    examples: { plain: 'Before it goes back to the plain protocol, or after a move' },
  },
  explain: {
    summary: 'Explain whether one host may talk to another, check by check',
    args: { from: 'the host that connects (name or ID)', to: 'the host it connects to' },
    flags: { data, as: 'the name that is dialled; where clients reach that host when omitted' },
    examples: {
      plain: 'May web-01 back up to store-01',
      as: 'Under another name',
      json: 'For scripts: the exit code is 1 when they may not',
    },
  },
  'agent ask': {
    summary: "Dial another agent's media port from here with every check, and show which passed",
    args: { peer: 'name or address, with a port when it is not 13002' },
    flags: { data: "the agent's data folder" },
    examples: { plain: 'Can this machine back up to store-01' },
  },
};

/** Lines and labels. */
export const names = {
  name: 'Name',
  host: 'Host',
  kind: 'Kind',
  since: 'Since',
  lastMet: 'Last met',
  owner: 'Belongs to',
  reason: 'Why',
  kinds: { primary: 'primary', approved: 'approved', shared: 'shared', automatic: 'automatic' },
  states: { pending: 'waits', rejected: 'rejected' },
  reasons: {
    taken: 'another host has it',
    reserved: 'reserved',
    'map-off': 'mapping is off',
    rejected: 'was rejected',
    'own-word': 'on its own word',
    unseen: 'its certificate was not seen',
    full: 'too many names',
    yielded: 'gave way',
  },
  warnings: {
    'mixed-script': 'letters of several scripts',
    'looks-latin': 'letters that look like Latin ones',
    undecodable: 'not readable',
  },
  warned: 'Look closely at {name}: {warnings}.',
  noMappings: 'No such names.',
  noPending: 'Nothing waits.',
  decide: 'Decide: sekisho mapping approve NAME --host HOST (or reject)',
  nowHas: '{name} belongs to {hosts}.',
  nobodyHas: '{name} belongs to nobody.',
  rejected: '{name} is rejected for {host}.',
  reset: '{name} was reset. Names that went: {names}.',
  resetNone: '{name} was reset. It had no further names.',
  /** Why hosts may talk. */
  explain: {
    may: '{from} may talk to {to}.',
    mayNot: '{from} may not talk to {to}.',
    dialled: '{decides} dials {name} and looks at {about}',
    accepted: '{decides} takes the connection of {about}, which says it is {name}',
    decidedBy: 'by',
    command: 'change it',
    both: 'Both sides must say yes.',
    /** What decided it, where a group set that (F-01). */
    byGroup: '{source} (group {group})',
    otherSide: 'the other side',
    asked: '{peer} shows the certificate of {host}',
    askedMay: '{peer} can be used from here.',
    askedMayNot: '{peer} cannot be used from here.',
    outcomes: { passed: 'yes', failed: 'NO', skipped: '–', unknown: '?' },
    checks: {
      protocol: 'protocol',
      chain: 'chain',
      role: 'role',
      domain: 'domain',
      dates: 'dates',
      'revocation-list': 'revocation list',
      revocation: 'revocation',
      name: 'name',
    },
    /** Settings and records that decide. */
    sources: {
      protocol: 'protocol',
      issuer: 'issuing key',
      media: 'media server role',
      spiffe: 'identity',
      notAfter: 'valid until',
      staleCrl: 'a stale list is',
      crl: 'list no.',
      certificate: 'certificate',
      mapAutomatically: 'setting map-automatically',
      mapping: 'mapping',
      owner: 'belongs to',
      reserved: 'reserved for',
      rejectedBy: 'rejected by',
      reason: 'rule',
      name: 'name',
    },
    values: {
      on: 'on',
      off: 'off',
      open: 'let pass',
      closed: 'refused',
      primary: 'primary',
      approved: 'approved',
      shared: 'shared',
      automatic: 'automatic',
      'management-server': 'a management server',
      'media-server': 'a media server',
      cluster: 'a cluster',
      'registered-host': 'a registered host',
      'own-word': 'a host maps no name to itself',
      unseen: 'it has no certificate in force that could be seen',
      full: 'too many names were mapped by themselves',
      legacy: 'plain (legacy)',
    },
  },
};

/** Nouns, help and texts of certificate updates (F-30). */
const data = "the management server's data folder";
const kind = 'what changes: tls, signing or ca';
const update = 'ID of the update; the one that is under way when omitted';
const wish = {
  data,
  path: 'the way: announced, failover or off-on; the one that fits when omitted',
  certificate: 'certificate from outside with its chain, PEM',
  key: 'its private key, PEM',
  pkcs12: 'certificate, chain and key from outside, PKCS#12',
  passphraseFile: 'file with the password of the key or of the PKCS#12 file (- is standard input)',
  passphraseEnv: 'environment variable with that password',
  emergency: 'the key is lost or stolen: wait for nobody',
};

export const rotationNouns = { rotation: 'updates of the server’s certificates' };

export const rotationVerbs = {
  'rotation plan': {
    summary: 'Show how a certificate would be updated, who would be lost, and how long it takes',
    args: { kind },
    flags: wish,
    examples: {
      tls: 'Before the TLS certificate is changed',
      outside: 'Check a certificate from outside',
    },
  },
  'rotation start': {
    summary: 'Update a certificate of the server under running agents',
    args: { kind },
    flags: {
      ...wish,
      overlap: 'keep the old certificate usable at least so long after the switch',
      wait: 'follow it until it ends',
    },
    examples: {
      tls: 'Renew the TLS certificate from the domain’s CA',
      outside: 'Take a certificate from outside',
      stolen: 'The key was stolen: replace it at once',
    },
  },
  'rotation status': {
    summary: 'Show how far a certificate update is, and whom it waits for',
    args: { update },
    flags: { data },
    examples: { plain: 'The one that is under way' },
  },
  'rotation watch': {
    summary: 'Follow a certificate update until it ends; Ctrl-C stops watching, not the update',
    args: { update },
    flags: { data },
    examples: { plain: 'The one that is under way' },
  },
  'rotation pause': {
    summary: 'Do no further step of a certificate update',
    args: { update },
    flags: { data },
    examples: { plain: 'The one that is under way' },
  },
  'rotation resume': {
    summary: 'Go on with a certificate update',
    args: { update },
    flags: { data },
    examples: { plain: 'The one that is paused' },
  },
  'rotation rollback': {
    summary: 'Go back to the old certificate, as long as it is not withdrawn',
    args: { update },
    flags: { data },
    examples: { plain: 'The one that is under way' },
  },
  'rotation accept-loss': {
    summary: 'Accept that hosts are lost by a certificate update',
    args: { host: 'host, by name or ID' },
    flags: { data, update },
    examples: { hosts: 'Go on without two hosts that are gone' },
  },
  'rotation list': {
    summary: 'List certificate updates, the newest first',
    args: {},
    flags: {
      data,
      limit: 'at most so many rows',
      after: 'the next page: what the last one ended with',
    },
    examples: { plain: 'What was updated?' },
  },
};

export const rotations = {
  kinds: { tls: 'TLS certificate', signing: 'signing certificate', ca: 'CA' },
  paths: {
    announced: 'announced (path 1)',
    failover: 'failover, one server at a time (path 2)',
    'off-on': 'secure communication off and on (path 3)',
  },
  /** The same in a table. */
  pathNames: { announced: 'announced', failover: 'failover', 'off-on': 'off-on' },
  reasons: {
    chosen: 'an administrator chose this path',
    emergency: 'an emergency takes the shortest way',
    'all-announce': 'every agent accepts announced keys',
    'several-servers-fail-over': 'there are several servers, and these agents fail over',
    'old-agents': 'some agents cannot take announced keys',
    'ca-has-no-other': 'a CA is changed by announcement, links and communication packages alone',
  },
  phases: {
    prepared: 'prepared',
    announced: 'announced',
    switching: 'servers are switching',
    overlap: 'both are accepted',
    rekeying: 'hosts get new certificates',
    withdrawing: 'the old one is withdrawn',
    done: 'done',
    'rolled-back': 'rolled back',
  },
  /** What the same phases are on path 3. */
  offOnPhases: {
    announced: 'secure communication is off, lists have entries without TLS',
    switching: 'servers are switching, secure communication is off',
    overlap: 'updated, secure communication is still off',
    withdrawing: 'secure communication is on again, the old one is withdrawn',
  },
  newFingerprint:
    'The CA has another fingerprint now. Give it to those who set up hosts, and put it into your scripts: sekisho server fingerprint',
  changedMeanwhile: 'Somebody changed these meanwhile; they are left as they are: {groups}',
  changedParts: {
    list: 'list',
    verification: 'verification',
    deleted: 'deleted',
    'copied-list': 'had a copy of a list, has the original',
  },
  waits: {
    paused: 'being resumed',
    hosts: 'hosts to acknowledge it',
    'silent-hosts': 'silent hosts, three of their heartbeats long',
    cycles: 'three of the longest heartbeats',
    servers: 'servers to confirm it',
    overlap: 'the time that the old one is kept',
    question: 'a decision about hosts',
  },
  /** The same where a line is short; hosts that are waited for are named by it. */
  waitsShort: {
    paused: 'paused',
    hosts: '',
    'silent-hosts': '',
    cycles: 'three heartbeats',
    servers: 'servers',
    overlap: 'the old one is kept',
    question: 'your decision',
  },
  leftAtMost: '≤ {left}',
  liveProgress: '{phase}: {acknowledged} of {total}',
  title: 'Update of the {kind} ({id})',
  planTitle: 'Update of the {kind}: nothing has been changed',
  startTitle: 'Update of the {kind}',
  path: 'Path',
  because: 'Because',
  phase: 'Phase',
  back: '{phase}, on the way back',
  waitsFor: 'Waits for',
  waitsUntil: '{why}, until {until} at the latest',
  hosts: 'Hosts',
  hostCounts:
    '{acknowledged} of {total} acknowledged, {waiting} waited for, {silent} silent, {late} come back later, {undecided} to be decided, {accepted} given up',
  planHosts: '{total}: {online} online, {silent} silent, {neverSeen} never seen',
  slowest: 'Waited for: {hosts}',
  undecided: 'These hosts would be lost. Bring them back, or: sekisho rotation accept-loss {first} …',
  lost: 'Would be lost ({count}): {hosts}',
  late: 'Not there; they come back by themselves ({count}): {hosts}',
  givenUp: 'Given up, and not back ({count}): {hosts}',
  cutOff: 'Refuse this server, and do not come back by themselves ({count}): {hosts}',
  packageHint:
    'a communication package brings them back: sekisho server-list package LIST --out FILE, and on each host: sekisho agent repair FILE',
  unable: 'Agents that cannot take announced keys ({count}): {hosts}',
  nobodyLost: 'No host would be lost.',
  notInheriting: 'Groups that do not inherit, and are looked after all the same: {groups}',
  servers: 'Servers',
  serverConfirmed: '{server}: shows the new one',
  serverOrdered: '{server}: was told to switch',
  serverWaiting: '{server}: shows the old one',
  serverGone: '{server}: not running',
  heartbeat: 'Longest heartbeat',
  expected: 'Expected time',
  currentEnds: 'The one in use ends',
  problem: 'Problem: {words}',
  hint: 'hint: {hint}',
  prevented: 'It cannot be started like this.',
  question: 'Start it?',
  /** Instead of a path. */
  emergencies: {
    lost: 'emergency, the key is lost: nobody is waited for',
    stolen: 'emergency, the key is stolen: nobody is waited for',
  },
  emergencyPriceOfCa: {
    lost: 'Emergency: there is no way back, and no host can follow by itself. Each of them ({total}) needs a communication package.',
    stolen:
      'Emergency: there is no way back. Hosts that are there follow within three of their heartbeats; those that are not there now ({silent}) need a communication package.',
  },
  emergencyPrice:
    'Emergency: nobody is waited for, and there is no way back. Hosts that are not there now ({silent}) go on trusting the old key until they come back.',
  takesOver: {
    kept: 'The update of the {kind} that {by} has started ({id}) becomes the emergency: its new key is the one that is switched to.',
    abandoned:
      'The update of the {kind} that {by} has started ({id}) is given up: its new key is destroyed, unused. Start it again afterwards.',
    finished:
      'The update of the {kind} that {by} has started ({id}) is ended at once: its old key is withdrawn, and hosts that have not followed ({behind}) are not waited for.',
    'turned-back':
      'The update of the {kind} that {by} has started ({id}) is on its way back and ends there at once; hosts that have not followed ({behind}) are not waited for.',
  },
  started: 'Update {id} has started. Follow it: sekisho rotation watch',
  serverAway: 'The server does not answer; waiting until it does …',
  rollbackQuestion: 'Go back to the old certificate?',
  lossPreview: 'Hosts that would be given up:',
  lossQuestion: 'Give up these hosts? They will need to be set up again, or a communication package.',
  steps: 'What was done',
  none: 'No certificate was ever updated.',
  by: 'By',
  startedAt: 'Started',
  endedAt: 'Ended',
  kind: 'What',
  progress: '{phase}: {acknowledged} of {total} hosts',
};

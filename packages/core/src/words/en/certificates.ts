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
  'cert install': {
    summary: 'On the host: deploy the certificate out of the file that cert sign wrote',
    args: { file: 'the answer; - reads standard input' },
    flags: { data: agentData, caFingerprint: 'the CA fingerprint, as an administrator gave it' },
    examples: { plain: 'All is checked before anything is changed' },
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
  outcomes: {
    renewed: 'renewed',
    failed: 'failed',
    offline: 'offline',
    unanswered: 'silent',
  },
};

/** The help of the commands about the life of certificates. */
const data = 'data folder of the management server';

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
  outcomes: {
    renewed: 'renewed',
    failed: 'failed',
    offline: 'offline',
    unanswered: 'silent',
  },
};

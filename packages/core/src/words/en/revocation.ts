/** The help of the commands that follow revocations (T-44). */
const data = 'data folder of the management server';

export const revocationVerbs = {
  'cert revocations': {
    summary: 'List revocations, and how many hosts refuse each of them by now',
    args: {},
    flags: {
      data,
      host: 'of this host alone (name or ID)',
      limit: 'at most so many rows',
      after: 'the next page: what the last one ended with',
    },
    examples: { plain: 'The newest first', host: 'Those of one host' },
  },
  'cert revocation': {
    summary: 'Show a revocation, and the hosts that have not confirmed it yet',
    args: { number: 'number of the revocation' },
    flags: { data, limit: 'at most so many hosts', after: 'the next page: what the last one ended with' },
    examples: { plain: 'Who does not refuse it yet?' },
  },
};

/** What they say. */
export const revocations = {
  confirmed: 'Confirmed by',
  half: 'Half after',
  all: 'All after',
  listed: 'In the list after',
  none: 'Nothing was revoked yet.',
  title: 'Revocation {id}: {name}',
  share: '{confirmed} of {hosts}',
  allConfirmed: 'Every other host has confirmed that it refuses this one.',
  missing:
    'These hosts have not confirmed it yet (they refuse it as soon as they fetch the revocation lists):',
  notListed: 'No revocation list names it yet. Look at the log of the management server.',
  waiting: 'confirmed by {confirmed} of {hosts} hosts',
  stillMissing: 'Not all hosts have confirmed it. See which: sekisho cert revocation {id}',
};

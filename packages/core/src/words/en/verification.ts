/** Nouns, help and texts about agents that do not verify their management server for a time (F-20). */
const data = "the management server's data folder";
const group = 'group: its path, its name when there is one such, or its ID';
const dryRun = 'show what would change, and change nothing';

export const verificationNouns = {
  verification: 'whether agents verify the management server by its certificate',
};

export const verificationVerbs = {
  'verification show': {
    summary: 'Show which groups do not verify the management server, and until when',
    args: {},
    flags: { data },
    examples: { plain: 'Is it off anywhere?' },
  },
  'verification off': {
    summary: 'Let the agents of a group go without verifying the management server, until an end',
    args: { group },
    flags: { data, dryRun, until: 'how long, 14 days at most; then it is on again by itself' },
    examples: { dryRun: 'Whom does it concern?', plain: 'For one day', until: 'For three days' },
  },
  'verification on': {
    summary: 'Let the agents of a group verify the management server again',
    args: { group },
    flags: { data, dryRun },
    examples: { plain: 'Before the end' },
  },
};

export const verification = {
  group: 'Group',
  hosts: 'Hosts',
  from: 'Set on',
  since: 'Off since',
  until: 'On again',
  allOn: 'All groups verify the management server.',
  warning:
    'WARNING: {hosts} do not verify this server by its certificate, the longest until {until}: {groups}. Meanwhile they take no orders and keep their reports. See: sekisho verification show',
  question: 'Let them go without verifying the server until {until}?',
  price:
    'Meanwhile these agents talk to whoever answers at the addresses of their list. They adopt signed documents only, take no orders, keep their reports, and back up as before.',
  off: 'The agents of {group} do not verify the server until {until}. Connected ones hear of it now, others at their next heartbeat.',
  on: 'The agents of {group} verify the server again. They hear of it at their next heartbeat.',
  agentOff:
    'This agent does not verify its management server until {until}, by a signed order. It takes no orders meanwhile, and keeps its reports.',
};

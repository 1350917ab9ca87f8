/** Words of the commands about API keys and single sign-on. */
const data = "the management server's data folder";
const admin = 'name or ID of the administrator';

export const accessNouns = { key: 'API keys: make, list, revoke' };

export const accessVerbs = {
  'key create': {
    summary: 'Create an API key and print it once; it may do no more than its owner may now',
    args: {},
    flags: {
      data,
      name: 'what the key is for, for lists',
      scope: 'a right that the key gets (repeatable), such as host.read or job.run',
      valid: 'how long it is valid, at most 366d',
      group: 'ID of a group: the key reaches that group and those below it alone',
      owner: "whose key it is; needed on the server's own machine, where nobody is signed in",
    },
    examples: {
      report: 'A report that reads hosts and jobs, for 90 days',
      branch: 'Starting backups in one group',
    },
  },
  'key list': {
    summary: 'List API keys',
    args: {},
    flags: { data, limit: 'at most so many rows', after: 'go on after this place' },
    examples: { plain: 'Which keys are there, and when was each used last?' },
  },
  'key show': {
    summary: 'Show one API key',
    args: { key: 'ID of the key' },
    flags: { data },
    examples: { plain: 'What may it do, until when?' },
  },
  'key revoke': {
    summary: 'Revoke an API key: its next request is refused',
    args: { key: 'ID of the key' },
    flags: { data },
    examples: { plain: 'A key has leaked' },
  },
  'admin link-oidc': {
    summary: 'Tie an identity at an OpenID provider to an administrator; their sessions end',
    args: { name: admin },
    flags: {
      data,
      provider: 'ID of the provider in server.json',
      subject: 'who it is there, as the refused sign-in showed it',
    },
    examples: { plain: 'They sign in at the provider from now on' },
  },
  'admin unlink-oidc': {
    summary: 'Untie the identity at the OpenID provider; sessions end, a password goes on working',
    args: { name: admin },
    flags: { data },
    examples: { plain: 'Somebody has lost the account at the provider' },
  },
};

export const access = {
  labels: {
    owner: 'Owner',
    scopes: 'Rights',
    group: 'Group',
    lastUsed: 'Last used',
    revokedAt: 'Revoked',
  },
  states: { active: 'active', expired: 'expired', revoked: 'revoked' },
  notes: {
    noKeys: 'There are no API keys.',
    wholeDomain: 'as far as the rights of its owner go',
    shownOnce:
      'This key is shown once. Keep it like a password; send it in the header Authorization: Bearer KEY, or put it into SEKISHO_API_KEY.',
    revoked: 'The API key "{name}" of {owner} is revoked.',
    linked: '{name} signs in as {subject} at {issuer}.',
    unlinked: '{name} has no single sign-on any more.',
  },
};

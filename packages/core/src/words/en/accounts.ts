/** Words of the commands about administrators and their sessions. */
const data = "the management server's data folder";
const name = 'name or ID of the administrator';
const role =
  'a role for the whole domain, or ROLE@GROUP-ID for one group and all below it (repeatable): administrator, security-administrator, operator, viewer';

export const accountNouns = {
  admin: 'administrators: invite, roles, disable, reset',
  session: 'who is signed in; end sessions',
};

export const accountVerbs = {
  'admin list': {
    summary: 'List the administrators',
    args: {},
    flags: { data, limit: 'at most so many rows', after: 'go on after this place' },
    examples: { plain: 'Who administers this domain?' },
  },
  'admin show': {
    summary: 'Show one administrator',
    args: { name },
    flags: { data },
    examples: { plain: 'Roles, second factor, last use' },
  },
  'admin create': {
    summary: 'Create an administrator and print the invitation: a link that works once',
    args: { name: 'what they will sign in with, such as head.office' },
    flags: { data, displayName: 'name as people see it; the same when omitted', role },
    examples: {
      operator: 'Somebody who keeps the backups running',
      group: 'The same for one group and all below it',
    },
  },
  'admin set-roles': {
    summary: 'Give an administrator these roles in place of those they have; their sessions end',
    args: { name },
    flags: { data, role },
    examples: { plain: 'From now on operator alone' },
  },
  'admin disable': {
    summary: 'Close an account: sessions and API keys stop working at once; nothing is lost',
    args: { name },
    flags: { data },
    examples: { plain: 'Somebody leaves' },
  },
  'admin enable': {
    summary: 'Open a disabled account again',
    args: { name },
    flags: { data },
    examples: { plain: 'They are back' },
  },
  'admin reset': {
    summary: 'Print a link with which somebody sets a new password and second factor; their API keys end',
    args: { name },
    flags: { data, keepKeys: 'the API keys made until now go on working' },
    examples: {
      plain: 'Somebody else may know the password',
      forgotten: 'Password forgotten or telephone lost, and nothing more: scripts go on working',
    },
  },
  'admin link': {
    summary: 'Print the link for the first administrator again; the earlier one stops working',
    args: {},
    flags: { data },
    examples: { plain: 'The link of the initialisation has expired' },
  },
  'session list': {
    summary: 'List the open sessions of administrators',
    args: {},
    flags: {
      data,
      admin: 'of this administrator alone (name or ID)',
      limit: 'at most so many rows',
      after: 'go on after this place',
    },
    examples: { plain: 'Who is signed in, and from where?', one: 'Sessions of one administrator' },
  },
  'session revoke': {
    summary: 'End a session at once',
    args: { session: 'ID of the session' },
    flags: { data },
    examples: { plain: 'End one that should not be there' },
  },
};

export const accounts = {
  labels: {
    displayName: 'Display name',
    roles: 'Roles',
    totp: 'Second factor (TOTP)',
    password: 'Password',
    singleSignOn: 'Single sign-on',
    lastUsed: 'Last used',
    disabledAt: 'Disabled',
    administrator: 'Administrator',
    method: 'Method',
    from: 'From',
    signedInAt: 'Signed in',
  },
  roles: {
    administrator: 'administrator',
    'security-administrator': 'security administrator',
    operator: 'operator',
    viewer: 'viewer',
  },
  states: { active: 'active', invited: 'invited', disabled: 'disabled' },
  methods: { password: 'password', oidc: 'single sign-on', passkey: 'passkey', link: 'one-time link' },
  notes: {
    roleInGroup: '{role} in group {group}',
    roleSeparator: ', ',
    noRoles: 'none',
    noAdministrators: 'There is no administrator yet. Print the link for the first one: sekisho admin link',
    noSessions: 'Nobody is signed in.',
    created: 'The administrator {name} is created.',
    linkShownOnce:
      'This link works once, until {until}, and is shown here alone. Whoever has it becomes {name}: hand it over by a way that nobody else reads.',
    firstLink: 'First administrator (works once, until {until}):',
    firstLinkHint: 'Keep it like a password. A new one at any time: sekisho admin link',
    someone: 'the first administrator',
    code: 'The code alone: {code}',
    setRolesPreview: '{name} gets these roles in place of all others: {roles}. Every session of theirs ends.',
    setRolesQuestion: 'Change the roles?',
    rolesSet: 'Saved: {name} is now {roles}.',
    disablePreview: 'Every session and API key of {name} stops working at once.',
    disableQuestion: 'Disable this administrator?',
    disabled: 'The administrator {name} is disabled.',
    enabled: 'The administrator {name} is enabled.',
    resetPreview:
      'Every API key of {name} stops working at once. When nobody else can have one: --keep-keys. The password works until the link is used.',
    resetQuestion: 'Reset this administrator?',
    keysEnded: 'API keys of {name} that ended: {keys}.',
    sessionEnded: 'The session of {name} from {origin} has ended.',
    noAdministratorYet:
      'This domain has no administrator yet. Print a link for the first one: sekisho admin link',
  },
};

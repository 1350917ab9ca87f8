/** Words of the commands that operate a server: settings, database, health. */
const data = "the management server's data folder";

export const operateNouns = {
  config: 'settings: what is effective and where it comes from',
  service: 'run under systemd',
  db: "the management server's database: status, backup, move",
};

export const operateVerbs = {
  'config show': {
    summary: 'Show the effective value of every setting, and where it comes from',
    args: {},
    flags: {
      data,
      agentData: "an agent's data folder: its settings instead of the server's",
      all: 'also settings that have their default',
    },
    examples: {
      plain: 'What differs from the defaults?',
      all: 'Show every setting',
      agent: 'The settings of the agent on this host',
    },
  },
  'config check': {
    summary: 'Check a settings file; nothing is changed',
    args: { file: 'a server.json, or an agent.json with --agent' },
    flags: { agent: "the file is an agent's" },
    examples: { plain: 'Check a file before it is put in place' },
  },
  doctor: {
    summary: 'Look for what is wrong or risky on this machine, each with its mend; nothing is changed',
    args: {},
    flags: {
      serverData: "the management server's data folder; the usual one when it is there",
      agentData: "the agent's data folder; the usual one when it is there",
    },
    examples: { plain: 'Look at what is on this machine', folder: 'A server in another folder, for scripts' },
  },
  'service print': {
    summary: 'Print the systemd unit of the server or the agent, hardened, with the right paths',
    args: { role: 'server or agent' },
    flags: {
      data: 'its data folder; the usual one when omitted',
      program: 'where sekisho lies',
      kekFile: 'file with the key-encryption key, handed over as a systemd credential (server)',
    },
    examples: {
      server: 'A unit for the management server',
      agent: 'A unit for the agent, with the program in another place',
      kek: 'Keep the key-encryption key out of the data folder',
    },
  },
  'server log-level': {
    summary: 'Change what the running server writes to its log, until it stops',
    args: { level: 'trace, debug, info, warn, error or fatal' },
    flags: { data },
    examples: { more: 'Look closely', usual: 'Back to the usual' },
  },
  'db status': {
    summary: 'Show where the data is, how large it is, and when it was last backed up',
    args: {},
    flags: { data },
    examples: { plain: 'Is there a recent backup?' },
  },
  'db backup': {
    summary: 'Back the database up, also while the server runs; the copy is read back',
    args: {},
    flags: { data, to: 'folder for the backup; `backups` in the data folder when omitted' },
    examples: { plain: 'Back up now', elsewhere: 'Into a folder on another disk' },
  },
  'db migrate': {
    summary: 'Move the domain to another database; stop the server first',
    args: {},
    flags: {
      data,
      from: 'where the domain is now',
      to: 'an empty database: postgres://… or sqlite:FILE; keep the password in ~/.pgpass or PGPASSWORD',
    },
    examples: { grow: 'From SQLite to PostgreSQL', back: 'And back' },
  },
};

export const operateLabels = {
  settingKey: 'Key',
  settingValue: 'Value',
  settingOrigin: 'From',
  settingFault: 'Fault',
  settingGiven: 'Given',
  settingAllowed: 'Allowed',
  database: 'Database',
  schema: 'Schema',
  journal: 'Journal',
  rows: 'Rows',
  lastBackup: 'Last backup',
  automaticBackups: 'Automatic',
};

export const operateNotes = {
  settingDefault: 'default',
  settingsAllDefault: 'All settings have their defaults. To see them: sekisho config show --all',
  settingsGood: '{file}: all settings are valid.',
  settingUnknown: 'unknown key',
  settingUnknownMeant: 'unknown key; {meant}?',
  settingWrong: 'not allowed',
  settingMissing: 'missing',
  settingFixed: 'written by the program alone',
  logLevel: 'The log level is now {level} (before: {before}). A restart takes the setting log.level again.',
  taskProgress: '{percent} %',
  unitNext:
    'Put it into /etc/systemd/system/sekisho-{role}.service, then: systemctl daemon-reload && systemctl enable --now sekisho-{role}',
  neverBackedUp: 'never',
  noAutomaticBackups: 'off',
  everyHours: 'every {hours} hours',
  serverIsStopped: 'The server is stopped: this command backs the database up itself.',
  backedUp: 'Backed up to {path} ({bytes}); the copy was read back.',
  backupKekNote:
    'Keep the key-encryption key (the file kek) in another place: without it nobody can use the backup, and whoever has both has the domain.',
  movingTable: 'Table {done} of {total}: {table}',
  moved: 'Moved {tables} tables with {rows} rows from {from} to {to}; both were compared.',
  movedBefore: 'An earlier run had copied everything; only the configuration was left.',
  movedOverridden:
    'Warning: the variable SEKISHO_DATABASE goes over the settings file. While it names {from}, the server goes on there: unset it, or set it to {to}.',
  movedNext: 'The old database was not changed. Start the server: sekisho server run --data {data}',
};

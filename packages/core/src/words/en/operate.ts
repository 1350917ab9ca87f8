/** Words of the commands that operate a server: settings, database, health. */
const data = "the management server's data folder";

export const operateNouns = {
  config: 'settings: what is effective and where it comes from',
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
};

export const operateLabels = {
  settingKey: 'Key',
  settingValue: 'Value',
  settingOrigin: 'From',
  settingFault: 'Fault',
  settingGiven: 'Given',
  settingAllowed: 'Allowed',
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
};

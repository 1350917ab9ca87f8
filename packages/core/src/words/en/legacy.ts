/** Words of the commands about legacy hosts. */
const data = "the management server's data folder";
const host = 'name or ID of the legacy host';

export const legacyNouns = { legacy: 'hosts without a certificate, which an administrator let in' };

export const legacyVerbs = {
  'agent upgrade': {
    summary:
      'Install a signed package, or take over from a legacy agent: certificate, configuration, repository',
    args: {},
    flags: {
      data: "the agent's data folder",
      package: 'install this package, whose signature lies beside it',
      fromServer: 'install what the management server publishes for this kind of machine',
      allowOlder: 'go back to an older version, too',
      check: 'verify the package, and install nothing',
      fromLegacy: 'the folder of the legacy agent',
      server: 'where the server is, when the legacy agent knew another address; port 13000 by default',
      caFingerprint: 'the CA fingerprint, from the administrator: 64 hexadecimal digits',
      caFingerprintFile: 'file that holds it',
      caFingerprintUrl: 'https address of another host that serves it',
      tokenFile: 'file that holds the token, where the security level asks for one (- reads standard input)',
      tokenEnv: 'environment variable that holds the token',
      skipCertificate: 'for automatic updaters: install now, leave the certificate to be deployed by hand',
    },
    examples: {
      carried: 'A package that was carried here',
      fetched: 'The one that the management server publishes',
      plain: 'Confirm the CA, and take over',
      updater: 'An automatic updater leaves the certificate to a person',
    },
  },
  'legacy add': {
    summary: 'Let a host in without a certificate; again: give it a new key',
    args: { name: 'its name' },
    flags: {
      data,
      address: 'the one address that it may come from',
      media: 'it is a media server: a plain restic REST server',
      endpoint: 'where a legacy media server is reached',
      collector: 'it is the reporting collector that the configuration names',
    },
    examples: {
      plain: 'An old machine backs itself up',
      media: 'An old media server',
    },
  },
  'legacy list': {
    summary: 'List the hosts that may talk without a certificate',
    args: {},
    flags: { data, limit: 'at most so many rows', after: 'go on after this place' },
    examples: { plain: 'Who still needs the setting?' },
  },
  'legacy remove': {
    summary: 'Let a legacy host in no more; its recovery points stay',
    args: { host },
    flags: { data },
    examples: { plain: 'The machine is gone' },
  },
  'legacy grant': {
    summary: 'Let a legacy host read what it backed up, for some time',
    args: { host },
    flags: {
      data,
      for: 'for so long (15m, 2h, at most 7d)',
      off: 'take it back',
      repository: 'its repository; the newest one without this',
    },
    examples: { plain: 'A restore on an old machine', off: 'Take it back' },
  },
};

export const legacy = {
  labels: {
    kind: 'Kind',
    address: 'Address',
    endpoint: 'Endpoint',
    key: 'Key',
    addedBy: 'Let in by',
    readable: 'May read until',
    now: 'Let in now',
  },
  kinds: { client: 'client', media: 'media server', collector: 'reporting collector' },
  notes: {
    none: 'No host talks without a certificate.',
    added: '{name} is let in without a certificate, while insecure communication is on.',
    keyOnce:
      'This key is shown once. It crosses the network in clear: whoever listens can append to the backups of this host until it is upgraded.',
    mediaAdded:
      '{name} is a legacy media server at {endpoint}. What agents send there crosses the network in clear.',
    isOff:
      'Insecure communication is off: none of these hosts is let in. sekisho security set --insecure-communication on',
    confirmRemove: 'Let {name} in no more?',
    removed: '{name} is refused from now on.',
    granted: '{name} may read {repository} until {until}.',
    grantEnded: '{name} may read nothing any more.',
    upgraded: '{name} has a certificate now. The legacy agent has ended; its configuration is kept.',
    upgradeLater:
      '{name}: the current agent is installed without a certificate, and the legacy agent goes on. Deploy the certificate by hand: {command}',
    repositoryGoesOn: 'The repository goes on: {repositories}',
    repositoryNew:
      'A new repository is made: no password of the old one was handed over. What was backed up before is kept, and needs the old password.',
    risk: 'Risk: hosts without a certificate may talk in clear. Still in need of it: {hosts}',
    riskNobody: 'No host needs insecure communication: sekisho security set --insecure-communication off',
  },
};

/** What `sekisho doctor` finds: in words, with its mend. An `ok` has no mend. */
export const doctor = {
  checks: {
    node: 'Node',
    clock: 'Clock',
    folder: 'Data folder',
    disk: 'Disk',
    settings: 'Settings',
    key: 'Key-encryption key',
    database: 'Database',
    backup: 'Backup of the database',
    ports: 'Ports',
    dns: 'DNS',
    certificates: 'Certificates',
    server: 'Management server',
    restic: 'restic',
    mail: 'Mail',
    lists: 'Revocation lists',
    risk: 'Risks',
  },
  states: { ok: 'ok', notice: 'notice', warning: 'warning', fault: 'fault' },
  title: { server: 'Management server: {folder}', agent: 'Agent: {folder}', machine: 'This machine' },
  mend: 'mend',
  summary: 'Faults: {faults}, warnings: {warnings}, notices: {notices}, in order: {oks}.',
  findings: {
    nodeOk: { words: 'Node {version}.', mend: '' },
    nodeOld: { words: 'Node {version} is too old.', mend: 'Run sekisho with Node {needed} or newer.' },
    clockOk: { words: 'The clock agrees with {with}.', mend: '' },
    clockSteady: { words: 'The clock runs steadily.', mend: '' },
    clockJumped: {
      words: 'The clock was set by {seconds} s while it was looked at.',
      mend: 'Let one time service set it, and no other: timedatectl status',
    },
    clockDiffers: {
      words: 'The clock differs from that of {with} by {seconds} s.',
      mend: 'Set the clock: timedatectl set-ntp true',
    },
    clockBefore: {
      words: "The clock ({now}) is before the server's own certificate begins ({begins}).",
      mend: 'Set the clock: timedatectl set-ntp true',
    },
    folderOk: { words: '{folder} belongs to its owner alone.', mend: '' },
    folderMissing: {
      words: 'There is no folder {folder}.',
      mend: 'Name the right one: sekisho doctor --server-data DIR, or --agent-data DIR',
    },
    folderOpen: {
      words: '{path} can be entered or read by others (mode {mode}).',
      mend: 'chmod go= {path}',
    },
    folderForbidden: {
      words: '{path} cannot be looked at ({reason}).',
      mend: 'Run the command as the owner of the folder, or as root: sudo sekisho doctor',
    },
    diskOk: { words: '{free} free; writing and fsync work.', mend: '' },
    diskLow: {
      words: 'Only {free} are free on the disk of {folder}.',
      mend: 'Make room or enlarge the disk before it is full: df -h {folder}',
    },
    diskFull: {
      words: 'Only {free} are free on the disk of {folder}; at least {needed} are needed.',
      mend: 'Make room now: df -h {folder}',
    },
    diskInodes: {
      words: 'Only {left} more files fit on the disk of {folder}.',
      mend: 'Remove small files, or make the file system anew: df -i {folder}',
    },
    diskUnwritable: {
      words: 'Nothing can be written to {folder} ({reason}).',
      mend: 'Check disk, mount and owner: df -h {folder}; findmnt -T {folder}',
    },
    settingsOk: { words: 'All settings are valid.', mend: '' },
    keyOk: { words: 'The key-encryption key is there and readable by its owner alone.', mend: '' },
    databaseOk: { words: '{place} ({version}) is in order; schema {schema}.', mend: '' },
    keyDamaged: {
      words: 'The {role}, or its private key, is damaged.',
      mend: 'Bring the last backup back rather than replace the key: docs/en/back-up-the-server.md; then no host notices anything.',
    },
    databaseDamaged: {
      words: 'The database {place} is damaged: {detail}',
      mend: 'Stop the server and bring the last backup back: docs/en/back-up-the-server.md',
    },
    databaseSilent: {
      words: 'The database {place} does not answer: {detail}',
      mend: 'Check that it runs and may be reached: sekisho db status',
    },
    databaseNewer: {
      words: 'The database has schema {schema}; this program knows {known}.',
      mend: 'Run the newer program.',
    },
    databaseOlder: {
      words: 'The database has schema {schema}; the next start upgrades it to {known}, after a backup.',
      mend: 'Nothing to do now. Start the server when you are ready.',
    },
    journalLarge: {
      words: 'The journal of the database has {size}.',
      mend: 'Look for a program that keeps the file open; then restart the server.',
    },
    backupOk: { words: 'The newest backup of the database is {hours} hours old.', mend: '' },
    backupNone: {
      words: 'The folder of the automatic backups holds none of this database.',
      mend: 'sekisho db backup',
    },
    backupOld: { words: 'The newest backup of the database is {days} days old.', mend: 'sekisho db backup' },
    backupBeside: {
      words: 'Backups of the database lie on the same disk as the database.',
      mend: 'Set backups.folder to a folder on another disk.',
    },
    portServed: { words: 'Port {port} ({what}) answers.', mend: '' },
    portFree: { words: 'Port {port} ({what}) is free.', mend: '' },
    portTaken: {
      words: 'Port {port} ({what}) is taken by {by}.',
      mend: 'Stop that program, or choose another port: sekisho server run {flag} PORT',
    },
    portUnreachable: {
      words: 'The server runs, but its port {port} ({what}) does not answer ({reason}).',
      mend: 'Check the firewall of this machine, and restart the server.',
    },
    dnsOk: { words: '{name} is {addresses}.', mend: '' },
    dnsNone: {
      words: '{name} has no address in DNS: agents cannot reach the server under it.',
      mend: 'Add an address record for {name}, or take the name out of the setting addresses.',
    },
    dnsElsewhere: {
      words: '{name} is {addresses}, which is none of this machine.',
      mend: 'Fine behind a load balancer or NAT. Else correct the record.',
    },
    dnsNoReverse: {
      words: 'The address {address} has no name in DNS.',
      mend: 'Add a PTR record if your security level asks for forward records.',
    },
    certificateOk: { words: '{role}: {days} days left.', mend: '' },
    certificateSoon: {
      words: '{role}: only {days} days left.',
      mend: 'An agent renews by itself while it reaches its server: sekisho agent renew. For the server see docs/en/operate.md.',
    },
    certificateExpired: {
      words: '{role}: expired on {date}.',
      mend: 'For a host: sekisho agent setup --reissue with a reissue token. For the server see docs/en/operate.md.',
    },
    certificateUnsigned: {
      words: '{role}: no CA of this domain has signed it.',
      mend: 'Bring the last backup of the database back: docs/en/back-up-the-server.md',
    },
    certificateNames: {
      words: "The server's certificate does not hold {name}: agents that dial it refuse the server.",
      mend: 'Take the name out of the setting addresses until the certificate holds it.',
    },
    serverReachable: { words: '{server} answers.', mend: '' },
    serverUnreachable: {
      words: '{server} cannot be reached ({reason}).',
      mend: 'Check name, firewall and that the server runs: sekisho server status',
    },
    resticOk: { words: '{path}, version {version}.', mend: '' },
    mailMissing: {
      words: 'Mail is not set up: nobody is told by mail when something fails.',
      mend: 'This version sends no mail yet. Watch the metrics meanwhile: docs/en/operate.md',
    },
    crlOk: { words: 'Revocation lists: {count}, the oldest is {hours} hours old.', mend: '' },
    crlLate: {
      words: 'The revocation list no. {number} was not renewed in time. It ends on {ends}.',
      mend: 'Look into the log of the server. A list of the root needs its key: sekisho server attach-root',
    },
    crlStale: {
      words:
        'The revocation list no. {number} ended on {ends}: hosts at the level very high refuse each other.',
      mend: 'Start the server, and look into its log. A list of the root needs its key: sekisho server attach-root',
    },
    riskNone: { words: 'No risk was found in the settings.', mend: '' },
    riskMedium: {
      words:
        'The security level is medium without forward records: any host may get a certificate under a free name.',
      mend: 'sekisho security set --level high',
    },
    riskLegacy: {
      words: 'Insecure communication with legacy hosts is on. Still in need of it: {hosts}',
      mend: 'Upgrade them (sekisho agent upgrade), then: sekisho security set --insecure-communication off',
    },
    riskUnverified: {
      words: 'Agents of {groups} do not verify this server by its certificate, until {until} at the latest.',
      mend: 'When the reason is gone: sekisho verification on GROUP',
    },
    riskLegacyNobody: {
      words: 'Insecure communication with legacy hosts is on, and no host needs it.',
      mend: 'sekisho security set --insecure-communication off',
    },
    clusterMixed: {
      words: 'The cluster {cluster} is mixed: its node {node} is a legacy host, others are upgraded.',
      mend: 'Upgrade all nodes together: sekisho cluster show {cluster}',
    },
    riskRootAttached: {
      words: "The root CA's key is on this server.",
      mend: 'sekisho server detach-root --out root.key, and keep the file elsewhere',
    },
    riskAdministrators: {
      words: 'Administrators who can sign in: {count}. Have two or more, so that one may be away.',
      mend: 'sekisho admin create --help',
    },
    riskListensEverywhere: {
      words: 'The server listens on all addresses of this machine.',
      mend: 'Set listen to the address that agents and administrators use, or rely on the firewall.',
    },
    riskMetricsOpen: {
      words: 'Metrics are served without sign-in on {listen}.',
      mend: 'Use an address of a trusted network, or take metrics.listen out and use an API key.',
    },
    nothingHere: {
      words: 'Neither a management server nor an agent was found in the usual folders.',
      mend: 'Name the folder: sekisho doctor --server-data DIR, or --agent-data DIR',
    },
  },
};

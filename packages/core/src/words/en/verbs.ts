import { groupVerbs } from './groups.ts';
import { rotationVerbs } from './rotation.ts';
import { verificationVerbs } from './verification.ts';
import { nameVerbs } from './names.ts';
import { applicationVerbs } from './applications.ts';
import { packageVerbs } from './packages.ts';
import { repairVerbs, serverListVerbs } from './server-lists.ts';
import { certificateVerbs, clusterVerbs } from './certificates.ts';
import { revocationVerbs } from './revocation.ts';
import { taskVerbs } from './tasks.ts';
import { legacyVerbs } from './legacy.ts';
import { accessVerbs } from './access.ts';
import { accountVerbs } from './accounts.ts';
import { auditVerbs } from './audit.ts';
import { operateVerbs } from './operate.ts';
import { simulateVerbs } from './simulate.ts';

/** Help of every command of `sekisho`: what it does, its arguments and options, and what each example shows. */
const data = "the management server's data folder";
const agentData = "the agent's data folder";
const detach = 'start it and return without waiting';

export const verbs = {
  'server init': {
    summary: 'Create a domain: its CA, keys and database',
    args: {},
    flags: {
      data,
      name: 'name of the domain, as people will see it',
      database: 'sqlite:FILE or postgres://…; an SQLite file in the data folder when omitted',
      address: 'DNS name or IP address under which hosts reach this server (repeatable)',
      cluster: 'virtual name of the cluster that it is installed on: hosts reach it under this name',
      node: 'own name of a node, this machine first (repeatable); with --cluster',
      agentData: "data folder of this machine's agent, which gets its certificate; with --cluster",
    },
    examples: {
      first: 'Create a domain and note the CA fingerprint that is printed',
      reachable: 'Say under which name hosts will reach it',
      cluster: 'On the active node of a cluster: its agent is set up, too',
    },
  },
  'server join': {
    summary: 'Add a server process to a domain on PostgreSQL, or a node to its cluster',
    args: {},
    flags: {
      data,
      database: 'postgres://… of the domain',
      kekFile: "copy of the domain's key-encryption key",
      address:
        'DNS name or IP address of this server (repeatable); the virtual name of its cluster when omitted',
    },
    examples: {
      node: 'The next node of a cluster, under its virtual name',
      own: 'A server under a name of its own',
    },
  },
  'server run': {
    summary: 'Run the management server until it is stopped',
    args: {},
    flags: {
      data,
      listen: 'address to listen on; all when omitted',
      agentPort: 'port for agents (mutual TLS)',
      adminPort: 'port for administration',
      httpPort: 'port for CA certificate and revocation list (plain HTTP)',
      set: 'any setting by its key, over file and environment (repeatable)',
    },
    examples: {
      plain: 'Run it in the foreground',
      local: 'Listen on this machine alone',
      set: 'Give settings for this run alone',
    },
  },
  'server status': {
    summary: 'Show the domain, its addresses and its hosts by state',
    args: {},
    flags: { data, wait: 'wait so long for a server that is just starting, such as 60s' },
    examples: {
      plain: 'Is it running, and how is the fleet?',
      wait: 'After a start: go on as soon as it answers',
    },
  },
  'server fingerprint': {
    summary: 'Print the CA fingerprint that people compare at set-up',
    args: {},
    flags: { data, out: 'also save it as a file to hand to others' },
    examples: { plain: 'Print it', bare: 'Print the 64 digits alone', file: 'Save it as a file' },
  },
  'server root': {
    summary: "Say where the root CA's key is",
    args: {},
    flags: { data },
    examples: { plain: 'Is it on this server, or detached?' },
  },
  'server detach-root': {
    summary: "Take the root CA's key off this server, into a file under a passphrase",
    args: {},
    flags: {
      data,
      out: 'new file for the encrypted key',
      passphraseFile: 'file whose first line is the passphrase; - reads standard input',
      passphraseEnv: 'environment variable that holds the passphrase',
    },
    examples: {
      stick: 'Ask for a passphrase, and move the key to a USB stick',
      script: 'The same from a script',
    },
  },
  'server attach-root': {
    summary: "Bring the root CA's key back for the acts that need it",
    args: {},
    flags: {
      data,
      in: 'file that `server detach-root` wrote',
      passphraseFile: 'file whose first line is the passphrase; - reads standard input',
      passphraseEnv: 'environment variable that holds the passphrase',
    },
    examples: { stick: 'Bring it back from the USB stick' },
  },
  'agent setup': {
    summary: 'Make this machine a host of a domain: confirm the CA, get a certificate',
    args: {},
    flags: {
      data: agentData,
      server: 'address of the management server, with its agent port when it is not 13000',
      caFingerprint: 'CA fingerprint (64 hexadecimal digits) that the administrator gave you',
      caFingerprintFile: 'file that holds the CA fingerprint',
      caFingerprintUrl: 'https address that gives the CA fingerprint; not the management server itself',
      tokenFile: 'file that holds the authorization token; - reads standard input',
      tokenEnv: 'environment variable that holds the authorization token',
      media: 'ask for the role of a media server too',
      name: "the host's primary name; this machine's name when omitted",
      alias: 'further name or address of this host (repeatable)',
      reissue: 'this host had a certificate before: get a new one with a reissue token',
      relay:
        'a media server that opens a tunnel when the server is not reached directly (a host in a DMZ); repeatable',
      skipCertificate: 'finish without a certificate; nothing works until it is deployed',
    },
    examples: {
      ask: 'Set up with questions',
      script: 'Set up from a script',
      later: 'Install now, deploy the certificate later',
    },
  },
  'agent run': {
    summary: 'Run the agent until it is stopped',
    args: {},
    flags: {
      data: agentData,
      mediaListen: 'address and port on which a media server listens',
      set: 'any setting by its key, over file and environment (repeatable)',
    },
    examples: { plain: 'Run it in the foreground', set: 'Give a setting for this run alone' },
  },
  'agent status': {
    summary: 'Show whether this host can communicate, and if not, what to do',
    args: {},
    flags: { data: agentData },
    examples: { plain: 'How is this host?' },
  },
  'agent renew': {
    summary: "Renew this host's certificate now",
    args: {},
    flags: { data: agentData },
    examples: { plain: 'Renew with a new key; no connection is lost' },
  },
  'agent set': {
    summary: 'Set what only this machine may decide',
    args: {},
    flags: {
      data: agentData,
      allowCommands: 'may plans run their commands before and after a backup here? on or off',
    },
    examples: { commands: "Consent to the plans' commands" },
  },
  'host list': {
    summary: 'List the hosts of the domain',
    args: {},
    flags: {
      data,
      limit: 'at most so many rows',
      after: 'the next page: what the last one ended with',
      group: 'only hosts of this group, without those of groups below (path, name or ID)',
    },
    examples: { plain: 'List them', group: 'Those of one group', json: 'As JSON, for scripts' },
  },
  'host show': {
    summary: 'Show one host',
    args: { host: 'name or ID of the host' },
    flags: { data },
    examples: { plain: 'Its certificate, names and health' },
  },
  'host register': {
    summary: 'Make a name known: it may enrol once without a token at level high',
    args: { name: 'primary name of the coming host' },
    flags: { data },
    examples: { plain: 'Register one name' },
  },
  'host unregister': {
    summary: 'Take a registered name back',
    args: { name: 'the registered name' },
    flags: { data },
    examples: { plain: 'Take it back' },
  },
  'host import': {
    summary: 'Register many names from a CSV file',
    args: { file: 'CSV file whose first line is "name"; - reads standard input' },
    flags: { data },
    examples: { plain: 'All lines are checked first; one bad line registers nothing' },
  },
  'host known': {
    summary: 'List the registered names',
    args: {},
    flags: { data, limit: 'at most so many rows', after: 'the next page: what the last one ended with' },
    examples: { plain: 'Which names may enrol, and which already did' },
  },
  'host media': {
    summary: 'Switch the role of media server on or off for a host',
    args: { host: 'name or ID of the host', state: 'on or off' },
    flags: {
      data,
      endpoint: 'address and port where clients reach it (repeatable); its names at 13002 when omitted',
      quotaGib: 'at most so many GiB for each client',
      legacyPort: 'where it listens for legacy hosts, while there are any and the setting is on',
    },
    examples: { on: 'Let it store backups', quota: 'With a quota and an address of its own' },
  },
  'host allow-reissue': {
    summary: 'For 48 hours, let a host get a new certificate without a token',
    args: { host: 'name or ID of the host' },
    flags: { data, off: 'take it back' },
    examples: { plain: 'Before you reinstall a machine', off: 'Take it back' },
  },
  'token create': {
    summary: 'Create an authorization token; it is shown once',
    args: {},
    flags: {
      data,
      name: 'what the token is for, as lists will show it',
      uses: 'how many hosts may use it',
      valid: 'how long it is valid (90s, 15m, 24h, 7d)',
      host: 'only this host name may use it',
      media: 'its host may become a media server',
      reissue: 'a reissue token for the host with this primary name',
    },
    examples: {
      one: 'For one host, for a day',
      many: 'For fifty hosts, for a week',
      reissue: 'For a host that lost its certificate',
    },
  },
  'token list': {
    summary: 'List the authorization tokens (never their secrets)',
    args: {},
    flags: { data, limit: 'at most so many rows', after: 'the next page: what the last one ended with' },
    examples: { plain: 'Which are active, used up, expired, deleted' },
  },
  'token delete': {
    summary: 'Delete an authorization token: nobody can use it any more',
    args: { token: 'ID of the token' },
    flags: { data },
    examples: { plain: 'Delete it' },
  },
  'cert list': {
    summary: 'List host certificates',
    args: {},
    flags: {
      data,
      host: 'of this host alone (name or ID)',
      cluster: 'for each node of this cluster, whether it has one',
      limit: 'at most so many rows',
      after: 'the next page: what the last one ended with',
    },
    examples: { plain: 'All of them', host: 'Those of one host', cluster: 'Does each node have one?' },
  },
  'cert revoke': {
    summary: "Revoke a host's certificates: it is refused from that moment",
    args: { host: 'ID or name of the host' },
    flags: { data, reason: 'why (RFC 5280)', wait: 'wait until every other host refuses it' },
    examples: {
      stolen: 'A machine was stolen',
      script: 'From a script',
      wait: 'See how it spreads; Ctrl-C ends the waiting alone',
    },
  },
  'security show': {
    summary: 'Show the global security settings',
    args: {},
    flags: { data },
    examples: { plain: 'When is a token needed, how long do certificates live' },
  },
  'security set': {
    summary: 'Change the global security settings',
    args: {},
    flags: {
      data,
      level: 'when a host needs a token to get its certificate',
      requireForwardRecords:
        "at medium: ask for a token when DNS does not confirm the host's address (on or off)",
      mapAutomatically: 'map a free name to the host that is met under it (on or off)',
      insecureCommunication:
        'let legacy hosts, which have no certificate, talk over the plain protocol (on or off)',
      certificateHours: 'validity of host certificates, in hours (24 to 19800)',
      staleCrl:
        'what hosts do with a revocation list that is out of date: refuse peers (closed), go on (open), or by the level',
    },
    examples: { strict: 'A token always', days: 'Certificates for 90 days' },
  },
  'plan create': {
    summary: 'Create a plan and deploy it to its hosts',
    args: {},
    flags: {
      data,
      name: 'name of the plan',
      host: 'host to protect (name or ID, repeatable); this, --group or --application is needed',
      group: 'group to protect, with those below that inherit plans (path, name or ID, repeatable)',
      application: 'protect an application instead, on whichever host carries it',
      virtualName: 'with --application: its virtual name, mapped by sekisho application create',
      path: 'absolute path to back up (repeatable)',
      exclude: 'pattern to leave out, as restic reads it (repeatable)',
      schedule: "name and cron fields: 'nightly=0 2 * * *' (repeatable)",
      timeZone: "time zone of the schedules; this machine's when omitted",
      startWithin: 'a run that could not start within this long is skipped',
      keepLast: 'keep so many of the newest recovery points',
      keepHourly: 'keep one of each of so many hours',
      keepDaily: 'keep one of each of so many days',
      keepWeekly: 'keep one of each of so many weeks',
      keepMonthly: 'keep one of each of so many months',
      keepYearly: 'keep one of each of so many years',
      media: 'media server, then its fallback (name or ID); the only one there is when omitted',
      bandwidthKib: 'at most so many KiB a second',
      pre: 'command to run on the host before (needs its consent)',
      post: 'command to run on the host after (needs its consent)',
    },
    examples: {
      nightly: 'Every night at two, kept for 14 days and 12 months',
      group: 'All hosts of a group, also those that join it later',
      manual: 'To be run by hand',
      application: 'A database cluster: whichever node is active runs it',
    },
  },
  'plan list': {
    summary: 'List the plans',
    args: {},
    flags: { data },
    examples: { plain: 'Which there are, and which hosts have them' },
  },
  'plan show': {
    summary: 'Show one plan',
    args: { plan: 'name or ID of the plan' },
    flags: { data },
    examples: { plain: 'What, when, where to, how long' },
  },
  'plan edit': {
    summary: 'Change a plan and deploy it; what you do not name stays',
    args: { plan: 'name or ID of the plan' },
    flags: {
      data,
      name: 'new name',
      host: 'hosts to protect instead (name or ID, repeatable)',
      group: 'groups to protect instead (path, name or ID, repeatable)',
      application: 'protect an application instead, on whichever host carries it',
      virtualName: 'with --application: its virtual name, mapped by sekisho application create',
      withoutApplication: 'protect hosts again; with --host',
      path: 'absolute paths to back up instead (repeatable)',
      exclude: 'patterns to leave out instead (repeatable)',
      schedule: "schedules instead: 'nightly=0 2 * * *' (repeatable)",
      noSchedules: 'remove its schedules',
      timeZone: 'time zone of the schedules named with it',
      startWithin: 'a run that could not start within this long is skipped',
      keepLast: 'keep so many of the newest recovery points',
      keepHourly: 'keep one of each of so many hours',
      keepDaily: 'keep one of each of so many days',
      keepWeekly: 'keep one of each of so many weeks',
      keepMonthly: 'keep one of each of so many months',
      keepYearly: 'keep one of each of so many years',
      media: 'media server instead, then its fallback (name or ID)',
      bandwidthKib: 'at most so many KiB a second; 0 removes the limit',
      pre: "command to run on the host before; '' removes it",
      post: "command to run on the host after; '' removes it",
    },
    examples: { paths: 'Back up other folders', noSchedules: 'Run it by hand from now on' },
  },
  'plan delete': {
    summary: 'Delete a plan; its recovery points stay',
    args: { plan: 'name or ID of the plan' },
    flags: { data },
    examples: { plain: 'Delete it' },
  },
  'backup run': {
    summary: 'Run a plan now and watch it',
    args: { plan: 'name or ID of the plan' },
    flags: {
      data,
      host: 'on this host alone (name or ID, repeatable)',
      asSchedule: 'count it as a run of this schedule of the plan (else it is marked custom)',
      detach,
    },
    examples: {
      plain: 'On all its hosts',
      one: 'On one host, kept like a nightly run',
    },
  },
  'job list': {
    summary: 'List the newest jobs',
    args: {},
    flags: {
      data,
      state: 'in this state alone',
      kind: 'of this kind alone',
      host: 'of this host alone (name or ID)',
      plan: 'of this plan alone (name or ID)',
      limit: 'at most so many rows',
      after: 'the next page: what the last one ended with',
    },
    examples: { plain: 'What happened lately', failed: 'What failed' },
  },
  'job show': {
    summary: 'Show one job with its log',
    args: { job: 'ID of the job, or its first digits' },
    flags: { data },
    examples: { plain: 'Why did it fail?' },
  },
  'job watch': {
    summary: 'Watch a job until it ends',
    args: { job: 'ID of the job, or its first digits' },
    flags: { data },
    examples: { plain: 'Follow it' },
  },
  'job cancel': {
    summary: 'Cancel a job',
    args: { job: 'ID of the job, or its first digits' },
    flags: { data },
    examples: { plain: 'Cancel it' },
  },
  'job retry': {
    summary: 'Run a job that ended badly once more',
    args: { job: 'ID of the job, or its first digits' },
    flags: { data, detach },
    examples: { plain: 'Try again and watch' },
  },
  'point list': {
    summary: 'List recovery points, the newest first',
    args: {},
    flags: {
      data,
      host: 'of this host alone (name or ID)',
      plan: 'of this plan alone (name or ID)',
      limit: 'at most so many rows',
      after: 'the next page: what the last one ended with',
    },
    examples: { plain: 'All', host: 'Of one host' },
  },
  'point show': {
    summary: 'Show one recovery point',
    args: { point: 'ID of the recovery point, its first digits, or latest' },
    flags: { data },
    examples: { plain: 'What it holds, and from when' },
  },
  'point browse': {
    summary: 'List one folder of a recovery point',
    args: { point: 'ID of the recovery point, its first digits, or latest', path: 'folder; / when omitted' },
    flags: { data, limit: 'at most so many entries' },
    examples: { plain: 'Look into it' },
  },
  'point delete': {
    summary: 'Mark recovery points for removal, after a preview',
    args: { points: 'IDs of recovery points, or their first digits' },
    flags: { data, preview: 'show what would happen and change nothing' },
    examples: { preview: 'Only look', plain: 'Delete it' },
  },
  'point maintain': {
    summary: 'Remove what retention and deletions ask for, now, after a preview',
    args: { host: 'name or ID of the host, or the name of a repository' },
    flags: { data, preview: 'show what would happen and change nothing', detach },
    examples: { preview: 'Only look', plain: 'Free the space' },
  },
  'restore run': {
    summary: 'Restore files from a recovery point and watch it',
    args: { point: 'ID of the recovery point, its first digits, or latest' },
    flags: {
      data,
      host: 'with latest: of this host (name or ID)',
      onHost: 'restore on this host: another one of the same application (name or ID)',
      path: 'absolute path to restore (repeatable); everything when omitted',
      to: 'absolute folder on the host to restore into; this or --original is needed',
      original: 'restore to the original places',
      conflict: 'what happens to files that are there already',
      detach,
    },
    examples: {
      elsewhere: 'Everything, beside the original',
      file: 'One file, back to its place',
      otherNode: 'What one node of a cluster backed up, on the other',
    },
  },
  ...auditVerbs,
  demo: {
    summary: 'Show it all with a real folder: domain, host, backup, restore, proof',
    args: { path: 'file or folder to back up; the files of this repository when omitted' },
    flags: {
      folder: 'where the demo keeps its data (made anew each time)',
      once: 'stop after the proof: exit code 0 when it was proved',
    },
    examples: {
      plain: 'Show it and keep running',
      own: 'With a folder of yours',
      once: 'As a check in scripts',
    },
  },
  completion: {
    summary: 'Print the completion script of a shell',
    args: { shell: 'bash, zsh or fish' },
    flags: {},
    examples: {
      bash: 'For bash, in this session',
      zsh: 'For zsh: put it on your fpath',
      fish: 'For fish',
    },
  },
  ...accountVerbs,
  ...accessVerbs,
  ...legacyVerbs,
  ...applicationVerbs,
  ...serverListVerbs,
  ...packageVerbs,
  ...repairVerbs,
  ...certificateVerbs,
  ...clusterVerbs,
  ...groupVerbs,
  ...verificationVerbs,
  ...rotationVerbs,
  ...revocationVerbs,
  ...nameVerbs,
  ...taskVerbs,
  ...operateVerbs,
  ...simulateVerbs,
};

/** What a unit is made for. */
export interface UnitPlaces {
  /** The program, absolute. */
  readonly program: string;
  /** The data folder, absolute. */
  readonly data: string;
  /** A file with the key-encryption key that systemd hands over as a credential (`LoadCredential=`); server only. */
  readonly kekFile?: string | undefined;
}

export type ServiceRole = 'server' | 'agent';

/** The systemd unit of a role, hardened as far as the role allows. @source systemd.exec(5), systemd.service(5) */
export const systemdUnit = (role: ServiceRole, places: UnitPlaces): string =>
  role === 'server' ? serverUnit(places) : agentUnit(places);

/** Longer than the server's own grace (stop.graceSeconds, 10 by default) and its spread. */
const STOP_SECONDS = 90;

function serverUnit({ program, data, kekFile }: UnitPlaces): string {
  return unit({
    description: 'Sekisho management server',
    service: [
      'Type=notify',
      'NotifyAccess=all',
      'User=sekisho',
      'Group=sekisho',
      environment('server'),
      `ExecStart=${quote(program)} server run --data ${quote(data)}`,
      ...(kekFile === undefined ? [] : [`LoadCredential=sekisho-kek:${kekFile}`]),
      ...restart(),
      '',
      '# nothing but its own folder can be written, and no right of root is needed: all ports are above 1024',
      `ReadWritePaths=${data}`,
      'CapabilityBoundingSet=',
      'AmbientCapabilities=',
      'PrivateUsers=yes',
      'ProtectHome=yes',
      'SystemCallFilter=@system-service',
      'SystemCallErrorNumber=EPERM',
      ...hardening(),
    ],
  });
}

function agentUnit({ program, data }: UnitPlaces): string {
  return unit({
    description: 'Sekisho agent',
    service: [
      'Type=notify',
      'NotifyAccess=all',
      "# backups read every file of the host, and restores write where they are told: this is root's work",
      'User=root',
      environment('agent'),
      `ExecStart=${quote(program)} agent run --data ${quote(data)}`,
      ...restart(),
      '',
      'CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_CHOWN CAP_FOWNER CAP_FSETID CAP_MKNOD CAP_SETFCAP CAP_SYS_RESOURCE',
      'SystemCallFilter=@system-service',
      'SystemCallErrorNumber=EPERM',
      '# restores write where they are told, so the file system stays writable for it',
      ...hardening().filter((line) => !/^(ProtectSystem|RestrictSUIDSGID)=/.test(line)),
    ],
  });
}

/** Settings as variables, where there are any. */
const environment = (role: ServiceRole): string => `EnvironmentFile=-/etc/default/sekisho-${role}`;

const restart = (): string[] => [
  'Restart=on-failure',
  'RestartSec=5',
  `TimeoutStopSec=${STOP_SECONDS}`,
  'LimitNOFILE=65536',
];

/** For both. Not MemoryDenyWriteExecute: the runtime compiles as it goes. */
const hardening = (): string[] => [
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectClock=yes',
  'ProtectControlGroups=yes',
  'ProtectHostname=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  'ProtectProc=invisible',
  'LockPersonality=yes',
  'RemoveIPC=yes',
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'SystemCallArchitectures=native',
  'UMask=0077',
];

const unit = ({ description, service }: { description: string; service: readonly string[] }): string =>
  [
    '[Unit]',
    `Description=${description}`,
    'After=network-online.target',
    'Wants=network-online.target',
    '',
    '[Service]',
    ...service,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');

/** A path with a space stands in quotes; a percent sign is doubled. */
function quote(path: string): string {
  const escaped = path.replaceAll('%', '%%');
  return /[\s"'\\]/.test(escaped) ? `"${escaped.replace(/(["\\])/g, '\\$1')}"` : escaped;
}

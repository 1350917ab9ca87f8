import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, say } from './words.mjs';

const POSTGRES_HOME = '/usr/lib/postgresql';
const STRONGSWAN_PLUGINS = '/usr/lib/ipsec/plugins';
const CLUSTER_SETTINGS = '/etc/postgresql-common/createcluster.conf';
const APT = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', '-q'];

/** The programs that scripts need beside Node: how to see that one is there, and the Debian package that brings it. */
const TOOLS = {
  restic: { isThere: () => onPath('restic'), packages: ['restic'] },
  openssl: { isThere: () => onPath('openssl'), packages: ['openssl'] },
  curl: { isThere: () => onPath('curl'), packages: ['curl', 'ca-certificates'] },
  gnutls: { isThere: () => onPath('certtool') && onPath('ocsptool'), packages: ['gnutls-bin'] },
  strongswan: {
    isThere: hasStrongswan,
    // its TLS takes its ciphers from OpenSSL's plugin, its revocation lists and OCSP from curl's
    packages: ['strongswan-pki', 'libstrongswan-standard-plugins', 'libstrongswan-extra-plugins'],
  },
  ip: { isThere: () => onPath('ip'), packages: ['iproute2'] },
  faketime: { isThere: () => onPath('faketime'), packages: ['faketime'] },
  postgresql: { isThere: hasPostgres, packages: ['postgresql'] },
};

/** Installs the missing ones when this user may; otherwise says which command does it. */
export function installSystemTools(names) {
  const missing = names.filter((name) => !TOOLS[name].isThere());
  if (missing.length === 0) return;
  const packages = missing.flatMap((name) => TOOLS[name].packages);
  if (!onPath('apt-get')) fail('toolsMissingNoApt', { tools: missing.join(', ') });
  const sudo = sudoPrefix();
  const command = handCommand(packages);
  if (sudo === undefined) fail('toolsMissing', { tools: missing.join(', '), command });
  say('installingTools', { packages: packages.join(' ') });
  const output = install(sudo, packages);
  const still = missing.filter((name) => !TOOLS[name].isThere());
  if (still.length > 0)
    fail('toolsFailed', { tools: still.join(', '), output: output.slice(-2000), command });
}

/** The command as this user has to type it. */
function handCommand(packages) {
  const update = 'apt-get update';
  const add = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() === 0) return `${update} && ${add}`;
  return onPath('sudo') ? `sudo ${update} && sudo ${add}` : `su -c '${update} && ${add}'`;
}

/** What goes before a command that needs root; undefined when this user may not. */
function sudoPrefix() {
  if (process.getuid?.() === 0) return [];
  if (onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0)
    return ['sudo', '-n'];
  return undefined;
}

function install(sudo, packages) {
  let output = run(sudo, ['apt-get', ...APT, 'update']);
  const wantsPostgres = packages.includes('postgresql');
  const others = packages.filter((name) => name !== 'postgresql');
  const get = (names) =>
    run(sudo, ['apt-get', ...APT, 'install', '-y', '--no-install-recommends', '--no-remove', ...names]);
  if (others.length > 0) output += get(others);
  if (wantsPostgres) output += withoutMainCluster(sudo, get);
  return output;
}

/** Debian's package makes a database cluster and starts it; the tests want the binaries alone. */
function withoutMainCluster(sudo, get) {
  let output = get(['postgresql-common']);
  const settings = readIfThere(CLUSTER_SETTINGS);
  if (settings === undefined || sudo.length > 0) return output + get(['postgresql']);
  writeFileSync(CLUSTER_SETTINGS, `${settings}\ncreate_main_cluster = false\n`);
  try {
    output += get(['postgresql']);
  } finally {
    writeFileSync(CLUSTER_SETTINGS, settings);
  }
  return output;
}

function run(sudo, command) {
  const [program, ...args] = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  return `${done.stdout ?? ''}${done.stderr ?? ''}`;
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function onPath(program) {
  return (process.env.PATH ?? '/usr/bin:/bin').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

function hasStrongswan() {
  const plugin = (name) => existsSync(join(STRONGSWAN_PLUGINS, `libstrongswan-${name}.so`));
  return onPath('pki') && plugin('openssl') && plugin('curl');
}

function hasPostgres() {
  if (!existsSync(POSTGRES_HOME)) return onPath('initdb') && onPath('postgres');
  return readdirSync(POSTGRES_HOME).some((version) =>
    existsSync(join(POSTGRES_HOME, version, 'bin', 'initdb')),
  );
}

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyProgram } from './package/copy-program.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
const ROLES = ['server', 'agent'];

const root = join(import.meta.dirname, '..');

/**
 * Makes `sekisho_VERSION_ARCHITECTURE.deb` for this machine's kind in a folder (the first argument; else `.sekisho`), and
 * prints its path. Nothing of it needs root, and nothing is fetched.
 */
function packageDeb(folder: string): string {
  const architecture = ARCHITECTURES[process.arch];
  if (process.platform !== 'linux' || architecture === undefined)
    throw new Error(`there is no Debian package for ${process.platform} ${process.arch}`);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const tree = mkdtempSync(join(tmpdir(), 'sekisho-deb-'));
  try {
    fill(tree, { version, architecture });
    mkdirSync(folder, { recursive: true });
    const file = resolve(folder, `sekisho_${version}_${architecture}.deb`);
    run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z3', '--build', tree, file]);
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function fill(tree: string, facts: { version: string; architecture: string }): void {
  const packaging = join(root, 'packaging');
  const program = join(tree, 'usr/lib/sekisho');
  chmodSync(tree, 0o755);
  copyProgram(root, program);
  put(tree, 'usr/share/doc/sekisho/copyright', readFileSync(join(root, 'LICENSE'), 'utf8'));
  for (const role of ROLES) {
    const unit = `sekisho-${role}.service`;
    put(tree, `usr/lib/systemd/system/${unit}`, readFileSync(join(packaging, 'systemd', unit), 'utf8'));
    const defaults = `sekisho-${role}.default`;
    put(tree, `etc/default/sekisho-${role}`, readFileSync(join(packaging, 'debian', defaults), 'utf8'));
  }
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/sekisho/packages/cli/bin/sekisho', join(tree, 'usr/bin/sekisho'));
  run('chmod', ['-R', 'u=rwX,go=rX', tree]);
  put(
    tree,
    'DEBIAN/control',
    readFileSync(join(packaging, 'debian', 'control'), 'utf8')
      .replace('@VERSION@', facts.version)
      .replace('@ARCHITECTURE@', facts.architecture)
      .replace('@SIZE@', String(sizeKib(tree))),
  );
  put(tree, 'DEBIAN/conffiles', ROLES.map((role) => `/etc/default/sekisho-${role}\n`).join(''));
  for (const script of SCRIPTS) {
    cpSync(join(packaging, 'debian', script), join(tree, 'DEBIAN', script));
    chmodSync(join(tree, 'DEBIAN', script), 0o755);
  }
}

function put(tree: string, path: string, text: string): void {
  mkdirSync(join(tree, path, '..'), { recursive: true });
  writeFileSync(join(tree, path), text, { mode: 0o644 });
}

const sizeKib = (tree: string): number => Number(run('du', ['-sk', tree]).split('\t')[0]);

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
  return stdout;
}

console.log(packageDeb(process.argv[2] ?? join(root, '.sekisho')));

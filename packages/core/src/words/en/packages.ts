/** Words of install packages (F-04). */
const data = "the management server's data folder";
const minimumVersion = 'it can be installed over this version or a newer one alone';
const file = 'Debian package, as npm run package:deb makes it';

export const packageNouns = { package: 'install packages for agents, signed' };

export const packageVerbs = {
  'package sign': {
    summary: 'Sign an install package, to be carried to hosts by hand',
    args: { file },
    flags: { data, minimumVersion },
    examples: { plain: 'The signature is written beside the file' },
  },
  'package publish': {
    summary: 'Sign an install package, and hand it to agents that ask for it',
    args: { file },
    flags: { data, minimumVersion },
    examples: { plain: 'On each management server of the domain' },
  },
  'package list': {
    summary: 'List the install packages that were signed',
    args: {},
    flags: { data },
    examples: { plain: 'Which version do agents get?' },
  },
};

export const packages = {
  version: 'Version',
  platform: 'Platform',
  file: 'File',
  sha256: 'SHA-256',
  published: 'Published',
  signedAt: 'Signed',
  none: 'No install package was signed.',
  signed: '{file} is signed: version {version}, SHA-256 {sha256}',
  carry:
    'Carry {file} and {signature} to the host, into one folder, and run there as root: sekisho agent upgrade --package {file}',
  publishedNow: '{file} is published: version {version} for {platform}.',
  fetch: 'A host installs it with: sudo sekisho agent upgrade --from-server',
  verified: 'Verified: version {version}, signed in this domain; version {installed} is installed.',
  installed: 'Version {version} is installed in place of {installed}.',
};

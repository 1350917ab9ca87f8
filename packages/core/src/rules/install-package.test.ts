import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, judgePackage } from './install-package.ts';

const CASES: readonly [
  what: string,
  offered: { version?: string; platform?: 'linux-amd64' | 'linux-arm64'; minimumVersion?: string },
  allowOlder: boolean,
  verdict: string,
][] = [
  ['newer', { version: '1.10.0' }, false, 'allowed'],
  ['the same again', { version: '1.9.0' }, false, 'allowed'],
  ['older', { version: '1.8.9' }, false, 'PACKAGE_OLDER'],
  ['older, as a person wishes', { version: '1.8.9' }, true, 'allowed'],
  ['for another machine', { platform: 'linux-arm64' }, true, 'PACKAGE_PLATFORM_OTHER'],
  ['over a version that it cannot follow', { minimumVersion: '1.9.1' }, true, 'PACKAGE_NEEDS_NEWER'],
  ['over the oldest that it can follow', { minimumVersion: '1.9.0' }, false, 'allowed'],
];

for (const [what, offered, allowOlder, verdict] of CASES)
  test(`F-04 a package that is ${what}: ${verdict}`, () => {
    const judged = judgePackage(
      { version: '2.0.0', platform: 'linux-amd64', minimumVersion: null, ...offered },
      { version: '1.9.0', platform: 'linux-amd64', allowOlder },
    );
    assert.equal(judged.allow ? 'allowed' : judged.code, verdict);
  });

test('versions are compared by their numbers', () => {
  const sorted = ['0.10.0', '1.0.0', '0.9.12', '0.9.2'].sort(compareVersions);
  assert.deepEqual(sorted, ['0.9.2', '0.9.12', '0.10.0', '1.0.0']);
});

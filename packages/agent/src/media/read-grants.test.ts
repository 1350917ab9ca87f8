import { parseJobId, parseHostId, repositoryName } from '@sekisho/core/ids.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayRead } from './read-grants.ts';

const host = (digit: string) => parseHostId(`00000000-0000-4000-8000-00000000000${digit}`)!;
const [A, B, C] = [host('a'), host('b'), host('c')];
const OF_A = repositoryName(A, 1);
const ENDS_AT_MS = 1_000;
const granted = {
  readGrants: [
    { repository: OF_A, readerId: B, jobId: parseJobId('ab'.repeat(16))!, expiresAtMs: ENDS_AT_MS },
  ],
};
const asked = { readerId: B, repository: OF_A, nowMs: ENDS_AT_MS - 1 };

const cases: readonly [string, typeof granted | undefined, typeof asked, boolean][] = [
  ['the reader, that repository, in time', granted, asked, true],
  ['after the end', granted, { ...asked, nowMs: ENDS_AT_MS }, false],
  ['another host', granted, { ...asked, readerId: C }, false],
  ['another generation of the repository', granted, { ...asked, repository: repositoryName(A, 2) }, false],
  ['another repository', granted, { ...asked, repository: repositoryName(C, 1) }, false],
  ['no grant', { readGrants: [] }, asked, false],
  ['no assignment', undefined, asked, false],
];
for (const [what, assignment, facts, expected] of cases)
  test(`T-34 P-14 a repository of another host is ${expected ? '' : 'not '}read: ${what}`, () => {
    assert.equal(mayRead(assignment, facts), expected);
  });

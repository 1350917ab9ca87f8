import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostId, parseTokenId } from '../ids.ts';
import { decideToken, tokenState, type TokenFacts } from './token.ts';

const id = parseTokenId('00000000-0000-4000-8000-000000000001');
const hostA = parseHostId('00000000-0000-4000-8000-00000000000a');
const hostB = parseHostId('00000000-0000-4000-8000-00000000000b');
assert(id !== undefined && hostA !== undefined && hostB !== undefined);

const token: TokenFacts = {
  id,
  purpose: 'enrol',
  usesMax: 1,
  uses: 0,
  expiresAtMs: 1000,
  deletedAtMs: null,
  hostName: null,
  hostId: null,
  media: false,
};
const reissue: TokenFacts = { ...token, purpose: 'reissue', hostId: hostA };

const cases: readonly [
  sentence: string,
  token: TokenFacts | undefined,
  request: { name: string; hostId: typeof hostA | undefined },
  nowMs: number,
  outcome: string,
][] = [
  ['an active token approves', token, { name: 'web1', hostId: undefined }, 999, 'allow'],
  ['T-13 a wrong token is refused', undefined, { name: 'web1', hostId: undefined }, 0, 'unknown'],
  ['T-13 an expired token is refused', token, { name: 'web1', hostId: undefined }, 1000, 'expired'],
  [
    'T-13 a token that was used up is refused',
    { ...token, uses: 1 },
    { name: 'web1', hostId: undefined },
    0,
    'used-up',
  ],
  [
    'T-13 a deleted token is refused',
    { ...token, deletedAtMs: 5 },
    { name: 'web1', hostId: undefined },
    0,
    'deleted',
  ],
  [
    'T-13 a token bound to a name approves that name',
    { ...token, hostName: 'web1' },
    { name: 'web1', hostId: undefined },
    0,
    'allow',
  ],
  [
    'T-13 a token bound to another name is foreign',
    { ...token, hostName: 'web2' },
    { name: 'web1', hostId: undefined },
    0,
    'foreign',
  ],
  ['T-14 a reissue token approves its host', reissue, { name: 'web1', hostId: hostA }, 0, 'allow'],
  ['T-14 a reissue token of another host is foreign', reissue, { name: 'web1', hostId: hostB }, 0, 'foreign'],
  ['T-14 a reissue token makes no new host', reissue, { name: 'web1', hostId: undefined }, 0, 'foreign'],
];
for (const [sentence, facts, request, nowMs, outcome] of cases) {
  test(sentence, () => {
    const decision = decideToken(facts, request, nowMs);
    assert.equal(decision.allow ? 'allow' : decision.reason, outcome);
  });
}

test('T-13 a list shows a token as active, used, expired or deleted', () => {
  assert.equal(tokenState(token, 0), 'active');
  assert.equal(tokenState({ ...token, uses: 1 }, 2000), 'used');
  assert.equal(tokenState(token, 1000), 'expired');
  assert.equal(tokenState({ ...token, deletedAtMs: 1 }, 2000), 'deleted');
});

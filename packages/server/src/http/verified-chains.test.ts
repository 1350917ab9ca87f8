import { systemClock } from '@sekisho/platform/clock.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VERIFIED_CHAINS_MAX, VerifiedChains } from './verified-chains.ts';

const nowMs = systemClock.nowMs();
const authority = await TestAuthority.create({ nowMs });
const host = await authority.host();
const leaf = host.certificate;
const verified = {
  kind: 'verified' as const,
  peer: {
    hostId: host.hostId,
    fingerprint: leaf.fingerprint,
    serial: leaf.serial,
    issuerKeyId: authority.issuing.certificate.keyId,
    notAfterMs: leaf.notAfterMs,
  },
};
const facts = { anchors: [authority.root.certificate], issuers: [authority.issuing.certificate] };
const filled = (): VerifiedChains => {
  const chains = new VerifiedChains();
  chains.find(leaf.fingerprint, facts, nowMs);
  chains.keep(leaf.fingerprint, leaf, verified);
  return chains;
};

test('T-02 a chain that was verified is remembered, and no other', () => {
  const chains = filled();
  assert.equal(chains.find(leaf.fingerprint, facts, nowMs), verified);
  assert.equal(chains.find('another', facts, nowMs), undefined);
});

test('T-02 outside the dates of its chain a remembered certificate is looked at anew', () => {
  const chains = filled();
  assert.equal(chains.find(leaf.fingerprint, facts, leaf.notAfterMs + 1), undefined);
  assert.equal(chains.find(leaf.fingerprint, facts, leaf.notBeforeMs - 1), undefined);
});

test('T-02 when a CA certificate comes or goes nothing is remembered', () => {
  const chains = filled();
  const changed = { ...facts, issuers: [...facts.issuers] };
  assert.equal(chains.find(leaf.fingerprint, changed, nowMs), undefined);
  assert.equal(chains.find(leaf.fingerprint, facts, nowMs), undefined);
});

test('no more chains are remembered than the limit says: the oldest goes', () => {
  const chains = filled();
  for (let n = 0; n < VERIFIED_CHAINS_MAX; n += 1) chains.keep(`f${n}`, leaf, verified);
  assert.equal(chains.find(leaf.fingerprint, facts, nowMs), undefined);
  assert.equal(chains.find('f0', facts, nowMs), verified);
});

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A file whose mutants are looked for, and the tests that must find them. */
export interface Target {
  readonly file: string;
  readonly tests: readonly string[];
}

const RULES = 'packages/core/src/rules';
const PKI = 'packages/pki/src';

/** What decides, and what verifies: where a fault that no test notices costs most. */
export function findTargets(root: string): readonly Target[] {
  return [...rules(root), ...VERIFIERS];
}

/** Every rule that has tests of its own. */
const rules = (root: string): Target[] =>
  readdirSync(join(root, RULES))
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => ({ file: `${RULES}/${name.replace('.test.ts', '.ts')}`, tests: [`${RULES}/${name}`] }));

const pki = (name: string, tests: readonly string[]): Target => ({
  file: `${PKI}/${name}.ts`,
  tests: tests.map((test) => `${PKI}/${test}.test.ts`),
});

const VERIFIERS: readonly Target[] = [
  pki('verify', ['verify']),
  // lint.test.ts reads the source itself, which Stryker rewrites
  pki('lint', ['lint-findings']),
  pki('revocation-set', ['revocation-set']),
  pki('serial-set', ['serial-set']),
  pki('documents', ['documents']),
  pki('document-header', ['document-header']),
  pki('envelope', ['envelope']),
  pki('crl', ['crl-findings']),
  pki('plain-entry', ['plain-entry']),
  pki('lint-crl', ['lint-crl']),
  pki('csr', ['csr-findings']),
  pki('certificate', ['certificate-findings', 'certificate']),
  pki('extensions', ['extensions']),
  pki('general-names', ['general-names']),
  pki('signature', ['signature']),
  pki('spki', ['spki']),
  pki('merkle', ['merkle']),
  pki('note', ['note']),
];

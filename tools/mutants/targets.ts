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
const rules = (root: string): Target[] => {
  const names = readdirSync(join(root, RULES)).filter((name) => name.endsWith('.ts'));
  return names
    .filter((name) => names.includes(testOf(name)))
    .sort()
    .map((name) => ({
      file: `${RULES}/${name}`,
      tests: [testOf(name), ...(FURTHER_TESTS[name] ?? [])].map((test) => `${RULES}/${test}`),
    }));
};
const testOf = (name: string): string => name.replace(/\.ts$/, '.test.ts');
/** A rule whose tests are in more than one file. */
const FURTHER_TESTS: Readonly<Record<string, readonly string[]>> = { 'naming.ts': ['decide-name.test.ts'] };

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
  pki('ocsp-request', ['ocsp-request']),
  pki('csr', ['csr-findings']),
  pki('certificate', ['certificate-findings', 'certificate']),
  pki('extensions', ['extensions']),
  pki('general-names', ['general-names']),
  pki('signature', ['signature']),
  pki('spki', ['spki']),
  pki('merkle', ['merkle']),
  pki('note', ['note']),
];

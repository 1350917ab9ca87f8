/** A file whose mutants are looked for, and the tests that must find them. */
export interface Target {
  readonly file: string;
  readonly tests: readonly string[];
}

const RULES = 'packages/core/src/rules';
const PKI = 'packages/pki/src';

const rule = (name: string, ...more: readonly string[]): Target => ({
  file: `${RULES}/${name}.ts`,
  tests: [`${RULES}/${name}.test.ts`, ...more],
});
const pki = (name: string, tests: readonly string[]): Target => ({
  file: `${PKI}/${name}.ts`,
  tests: tests.map((test) => `${PKI}/${test}.test.ts`),
});

/** What decides, and what verifies: where a fault that no test notices costs most. */
export const TARGETS: readonly Target[] = [
  ...[
    ...[
      'adoption',
      'exit-code',
      'heartbeat',
      'host-state',
      'issuance',
      'jobs',
      'merging',
      'missed',
      'naming',
    ],
    ...['peer', 'removal', 'renewal', 'retention', 'revocation', 'schedule', 'serverlist', 'token'],
  ].map((name) => rule(name)),
  pki('verify', ['verify']),
  pki('lint', ['lint']),
  pki('revocation-set', ['crl']),
  pki('documents', ['documents']),
  pki('document-header', ['documents']),
  pki('envelope', ['envelope']),
  pki('crl', ['crl']),
  pki('csr', ['csr']),
  pki('certificate', ['certificate']),
  pki('extensions', ['certificate', 'csr', 'lint']),
  pki('general-names', ['certificate', 'csr']),
  pki('signature', ['verify', 'csr']),
  pki('spki', ['csr', 'certificate']),
  pki('merkle', ['merkle']),
  pki('note', ['note']),
];

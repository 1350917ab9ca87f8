// The walls between the packages (ARCHITECTURE.md): core ← pki ← platform ← media ← agent, platform ← server, cli on top.
const layers = {
  core: [],
  pki: ['core'],
  platform: ['core', 'pki'],
  media: ['core', 'pki', 'platform'],
  agent: ['core', 'pki', 'platform', 'media'],
  server: ['core', 'pki', 'platform'],
  cli: ['core', 'pki', 'platform', 'media', 'agent', 'server'],
  testkit: ['core', 'pki', 'platform', 'media', 'agent', 'server', 'cli'],
};
const names = Object.keys(layers);
const tests = '\\.test\\.ts$';
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...names.map((name) => ({
      name: `wall-of-${name}`,
      severity: 'error',
      from: { path: `^packages/${name}/src/`, pathNot: tests },
      to: {
        path: `^packages/(${names.filter((other) => other !== name && !layers[name].includes(other)).join('|') || '-'})/`,
      },
    })),
    {
      name: 'core-imports-only-zod-and-croner',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: tests },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional'],
        pathNot: 'node_modules/(zod|croner)/',
      },
    },
    {
      name: 'a-feature-keeps-its-store',
      comment: 'a feature may not import the SQL of another feature: call its use case',
      severity: 'error',
      from: { path: '^packages/server/src/features/([^/]+)/', pathNot: tests },
      to: {
        path: '^packages/server/src/features/[^/]+/.*\\.store\\.ts$',
        pathNot: '^packages/server/src/features/$1/',
      },
    },
    {
      name: 'testkit-is-for-tests',
      severity: 'error',
      from: { path: '^packages/(?!testkit)[^/]+/src/', pathNot: tests },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'nothing-leans-on-the-bench',
      severity: 'error',
      from: { path: '^(packages|tools)/' },
      to: { path: '^bench/' },
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)node_modules/\\.cache' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};

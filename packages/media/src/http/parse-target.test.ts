import { AppError } from '@sekisho/core/errors.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { join, sep } from 'node:path';
import { test } from 'node:test';
import { objectPath, repositoryPaths } from '../store/repository-paths.ts';
import { parseTarget } from './parse-target.ts';

const NAME = '0f4c2b1e-6d1f-4b7a-9c55-1f2e3d4c5b6a.1';
const ID = 'ab'.repeat(32);

test('P-01 the addresses of the protocol are understood', () => {
  assert.deepEqual(parseTarget(`/${NAME}/?create=true`), {
    kind: 'repository',
    repository: NAME,
    create: true,
  });
  assert.deepEqual(parseTarget(`/${NAME}/`), { kind: 'repository', repository: NAME, create: false });
  assert.deepEqual(parseTarget(`/${NAME}/config`), {
    kind: 'object',
    repository: NAME,
    object: { type: 'config' },
  });
  assert.deepEqual(parseTarget(`/${NAME}/data/`), { kind: 'list', repository: NAME, type: 'data' });
  assert.deepEqual(parseTarget(`/${NAME}/locks/${ID}`), {
    kind: 'object',
    repository: NAME,
    object: { type: 'locks', id: ID },
  });
});

test('P-01 whatever address comes, it is refused with a code or names a place inside its own repository', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '',
      '.',
      '..',
      'data',
      'locks',
      'config',
      'meta',
      'trash',
      NAME,
      ID,
      '%2e%2e',
      '%00',
      '\\..',
      '?create=true',
      '~',
    ),
    fc.string({ maxLength: 80 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.boolean(), (pieces, rooted) => {
      let target;
      try {
        target = parseTarget(`${rooted ? '/' : ''}${pieces.join('/')}`);
      } catch (error) {
        assert.ok(error instanceof AppError && [400, 404].includes(error.status));
        return;
      }
      const { root, objects } = repositoryPaths('/base', target.repository);
      assert.equal(root, join('/base', target.repository));
      if (target.kind === 'object') assert.ok(objectPath(objects, target.object).startsWith(objects + sep));
    }),
    { numRuns: 2000 },
  );
});

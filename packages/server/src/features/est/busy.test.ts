import { AppError } from '@sekisho/core/errors.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

test('T-15 a request that finds too many waiting is told when to come back, spends no token, and gets its certificate then', async (t) => {
  const trust = await TrustServer.start(t);
  const token = await trust.token();
  const { store } = trust.server.context;
  const { submit } = store;
  store.submit = () => Promise.reject(new AppError('SERVER_BUSY', { retrySeconds: 2 }));
  const refused = await trust.ask({ name: 'web1.example' }, { token });
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['sekisho-code'], 'SERVER_BUSY');
  assert.equal(refused.headers['retry-after'], '2');
  store.submit = submit;
  assert.equal((await trust.ask({ name: 'web1.example' }, { token })).status, 200);
});

import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchFingerprint } from './expected-fingerprint.ts';

const refusedWith = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

for (const [url, server] of [
  ['http://ca.example.com/fingerprint', 'backup.example.com'],
  ['file:///etc/passwd', 'backup.example.com'],
  ['no address', 'backup.example.com'],
  ['https://backup.example.com/fingerprint', 'backup.example.com'],
  ['https://BACKUP.example.com./fingerprint', 'backup.example.com'],
  ['https://127.0.0.1/fingerprint', 'localhost'],
  ['https://[::1]:8443/', '::1'],
] as const) {
  test(`T-10 a fingerprint is not taken from ${url} for the server ${server}`, async () => {
    await assert.rejects(
      fetchFingerprint(url, { address: server, port: 13_000 }),
      refusedWith('FINGERPRINT_URL_REFUSED'),
    );
  });
}

test('T-10 an address that does not answer is named', async () => {
  await assert.rejects(
    fetchFingerprint('https://127.0.0.1:9/', { address: '192.0.2.1', port: 13_000 }),
    refusedWith('FINGERPRINT_URL_FAILED'),
  );
});

import * as wire from '@sekisho/core/wire/packages.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';

const PACKAGES: z.input<typeof wire.packageView>[] = [
  {
    version: '0.2.0',
    platform: 'linux-amd64',
    fileName: 'sekisho_0.2.0_amd64.deb',
    sha256: 'cd'.repeat(32),
    bytes: 41_000_000,
    minimumVersion: null,
    serial: 12,
    signedAtMs: TEST_NOW_MS,
    published: true,
  },
  {
    version: '0.1.5',
    platform: 'linux-arm64',
    fileName: 'sekisho_0.1.5_arm64.deb',
    sha256: 'ef'.repeat(32),
    bytes: 40_000_000,
    minimumVersion: '0.1.0',
    serial: 11,
    signedAtMs: TEST_NOW_MS,
    published: false,
  },
];

/** F-04 Packages that were signed. */
export const packageSamples = (): FakeRoute[] => [
  fakeRoute(wire.listPackages, () => ({ packages: PACKAGES })),
];

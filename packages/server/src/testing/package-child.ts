import { sha256Hex } from '@sekisho/core/wire/scalars.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { offerPackage, PackageFiles } from '../features/packages/package-files.ts';
import { openStore } from '../store/open-store.ts';

// For package-files.test.ts: one half of handing out an install package, until SEKISHO_TEST_CRASH_POINT kills it.
const [half = '', database = '', dataFolder = '', hash = '', bytes = ''] = process.argv.slice(2);
const store = await openStore({ database, dataFolder, clock: systemClock, log: silentLog() });
const parts = { clock: systemClock, dataFolder, log: silentLog(), store };
const content = { sha256: sha256Hex.parse(hash), bytes: Number(bytes) };
if (half === 'offer') await offerPackage(parts, content);
else await (await new PackageFiles(parts).open(content)).close();
await store.close();

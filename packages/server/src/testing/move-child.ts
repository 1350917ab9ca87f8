import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { backUpDatabase } from '../features/database/back-up-database.ts';
import { moveDatabase } from '../features/database/move-database.ts';

// For database.test.ts, which kills it: moves a domain, or backs a database up.
const [what = '', dataFolder = '', to = ''] = process.argv.slice(2);
const clock = systemClock;
if (what === 'move')
  await moveDatabase({ dataFolder, from: 'sqlite', to, clock, log: silentLog(), environment: {} });
else
  await backUpDatabase({
    database: `sqlite:${dataFolder}/sekisho.db`,
    folder: to,
    domainId: '0f4c2b1e-6d1f-4b7a-9c55-1f2e3d4c5b6a',
    schemaVersion: 1,
    automatic: true,
    clock,
  });

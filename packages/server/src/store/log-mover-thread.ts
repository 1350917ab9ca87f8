/** The thread of `LogMover`: a connection of its own to the database, which does nothing but this. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

const database = new DatabaseSync(String(workerData));
database.exec('PRAGMA wal_autocheckpoint = 0');
parentPort?.on('message', () => {
  try {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } finally {
    parentPort?.postMessage('moved');
  }
});

import type { RootView } from '@sekisho/core/wire/root.ts';
import type { Cli } from '../cli.ts';
import { renderPairs } from './table.ts';

/** Where the root's key is. */
export function rootText(cli: Cli, view: RootView): string[] {
  const { labels, notes } = cli.words;
  return renderPairs([
    [labels.caFingerprint, view.fingerprint],
    [labels.rootKey, view.state === 'attached' ? notes.rootAttached : notes.rootDetached],
  ]);
}

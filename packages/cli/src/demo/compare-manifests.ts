import type { Entry, Manifest } from './manifest.ts';

export type DifferenceKind =
  'missing' | 'extra' | 'kind' | 'size' | 'content' | 'mode' | 'target' | 'unreadable';

export interface Comparison {
  readonly files: number;
  readonly bytes: number;
  readonly folders: number;
  readonly links: number;
  /** Sockets, devices and pipes: no files, not compared. */
  readonly skipped: number;
  /** Paths that changed while the demo ran; the copy equals one of their two states. */
  readonly changed: number;
  readonly differences: readonly { readonly path: string; readonly kind: DifferenceKind }[];
}

/**
 * Compares a restored tree with its original as it was before the backup and as it is after the restore: each path must
 * equal one of the two (a living folder may change between).
 */
export function compareManifests(before: Manifest, after: Manifest, restored: Manifest): Comparison {
  const figures = { files: 0, bytes: 0, folders: 0, links: 0, skipped: 0, changed: 0 };
  const differences: { path: string; kind: DifferenceKind }[] = [];
  for (const path of [...new Set([...before.keys(), ...after.keys(), ...restored.keys()])].sort()) {
    const [original, later, copy] = [before.get(path), after.get(path), restored.get(path)];
    if (original?.kind === 'other' || later?.kind === 'other') {
      figures.skipped += 1;
      continue;
    }
    // being absent is a state too: what came or went meanwhile may be in the copy or not
    const difference = differenceOf(original, copy);
    if (difference !== undefined && differenceOf(later, copy) !== undefined) {
      differences.push({ path, kind: difference });
    }
    if (differenceOf(original, later) !== undefined) figures.changed += 1;
    switch (copy?.kind) {
      case 'file':
        figures.files += 1;
        figures.bytes += copy.bytes;
        break;
      case 'folder':
        figures.folders += 1;
        break;
      case 'link':
        figures.links += 1;
        break;
      case 'other':
      case 'unreadable':
      case undefined:
        break;
    }
  }
  return { ...figures, differences };
}

/** What tells two entries apart, the weightiest first; undefined when nothing does. */
export function differenceOf(
  original: Entry | undefined,
  copy: Entry | undefined,
): DifferenceKind | undefined {
  if (original === undefined && copy === undefined) return undefined;
  if (copy === undefined) return 'missing';
  if (original === undefined) return 'extra';
  if (original.kind === 'unreadable' || copy.kind === 'unreadable') return 'unreadable';
  if (original.kind === 'file' && copy.kind === 'file') {
    if (original.bytes !== copy.bytes) return 'size';
    if (original.sha256 !== copy.sha256) return 'content';
    return original.mode === copy.mode ? undefined : 'mode';
  }
  if (original.kind === 'folder' && copy.kind === 'folder') {
    return original.mode === copy.mode ? undefined : 'mode';
  }
  if (original.kind === 'link' && copy.kind === 'link') {
    return original.target === copy.target ? undefined : 'target';
  }
  return original.kind === copy.kind ? undefined : 'kind';
}

import type { Words } from '@sekisho/core/words/en.ts';
import { longName, type Verb } from '../verb.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A word that may come next, with its help in the reader's language. */
export interface Candidate {
  readonly word: string;
  readonly help: string;
  /** Of an option: it takes a value; the values when they are a closed set. */
  readonly takesValue?: boolean;
  readonly values?: readonly string[];
}

/** What may follow each path (`''` is the beginning, then `host`, then `host list`). */
export type CompletionTree = ReadonlyMap<string, readonly Candidate[]>;

/** The completion script of a shell; a static text, so that pressing Tab starts no program. */
export function completionScript(shell: Shell, words: Words, verbs: readonly Verb[]): string {
  const tree = completionTree(words, verbs);
  switch (shell) {
    case 'bash':
      return bashScript(tree);
    case 'zsh':
      return zshScript(tree);
    case 'fish':
      return fishScript(tree);
  }
}

/** Every path with what may follow it. */
export function completionTree(words: Words, verbs: readonly Verb[]): CompletionTree {
  const tree = new Map<string, Candidate[]>([['', []]]);
  const add = (path: string, candidate: Candidate): void => {
    tree.set(path, [...(tree.get(path) ?? []), candidate]);
  };
  for (const [noun, help] of Object.entries(words.nouns)) add('', { word: noun, help });
  for (const verb of verbs) {
    const [first = '', second] = verb.path.split(' ');
    const help: { summary: string; flags: Readonly<Record<string, string>> } = words.verbs[verb.path];
    add(second === undefined ? '' : first, { word: second ?? first, help: help.summary });
    for (const [key, flag] of Object.entries(verb.flags)) {
      if (flag.hidden === true) continue;
      add(verb.path, {
        word: longName(flag.spec),
        help: help.flags[key] ?? '',
        takesValue: flag.spec.includes('<'),
        ...(flag.choices === undefined ? {} : { values: flag.choices }),
      });
    }
  }
  const { help } = words;
  for (const path of tree.keys()) {
    add(path, { word: '--json', help: help.jsonFlag });
    add(path, { word: '--yes', help: help.yesFlag });
    add(path, { word: '--quiet', help: help.quietFlag });
    add(path, { word: '--help', help: help.helpFlag });
  }
  return tree;
}

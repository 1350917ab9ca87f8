import type { Words } from './en.ts';
import { demo } from './ja/demo.ts';
import { help, labels, notes, nouns, states, units } from './ja/labels.ts';
import { simulate } from './ja/simulate.ts';
import { verbs } from './ja/verbs.ts';

/** Everything the command line says in Japanese; a missing text does not compile. */
export const ja: Words = { nouns, help, labels, states, units, notes, verbs, demo, simulate };

/** A word as a POSIX shell reads it back. */
export const quoteWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** A command line that can be pasted into a shell. */
export const quoteCommand = (words: readonly string[]): string => words.map(quoteWord).join(' ');

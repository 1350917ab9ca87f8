/**
 * The line (from 1) at which each key of a JSON text stands, by its dotted path: for faults that name the place. The text must
 * be valid JSON; items of lists are not entered.
 */
export function keyLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  /** Keys of the objects that are open; undefined: a list. */
  const open: (string | undefined)[] = [];
  let line = 1;
  let expectsKey = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],\n]/g)) {
    switch (token) {
      case '\n':
        line += 1;
        break;
      case '{':
        open.push('');
        expectsKey = true;
        break;
      case '[':
        open.push(undefined);
        expectsKey = false;
        break;
      case '}':
      case ']':
        open.pop();
        expectsKey = false;
        break;
      case ',':
        expectsKey = open.at(-1) !== undefined;
        break;
      default:
        if (!expectsKey) break;
        expectsKey = false;
        open[open.length - 1] = String(JSON.parse(token));
        if (!open.includes(undefined)) lines.set(open.join('.'), line);
    }
  }
  return lines;
}

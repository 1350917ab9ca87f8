import type { CompletionTree } from './completion-script.ts';

const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", `\\'`)}'`;

/** For fish: each word with its help. */
export function fishScript(tree: CompletionTree): string {
  const nouns = (tree.get('') ?? []).filter(({ word }) => tree.has(word)).map(({ word }) => word);
  const lines = [...tree].flatMap(([path, candidates]) =>
    candidates.map(({ word, help, takesValue, values }) => {
      const condition = `-n ${quote(`__sekisho_at ${path === '' ? "''" : quote(path)}`)}`;
      if (!word.startsWith('--'))
        return `complete -c sekisho -f ${condition} -a ${quote(word)} -d ${quote(help)}`;
      const value =
        takesValue !== true ? '' : values === undefined ? ' -r' : ` -x -a ${quote(values.join(' '))}`;
      return `complete -c sekisho ${condition} -l ${word.slice(2)}${value} -d ${quote(help)}`;
    }),
  );
  return `# fish completion of sekisho
function __sekisho_at
  set -l where
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and continue
    if test (count $where) -eq 0
      set where $word
      contains -- $word ${nouns.join(' ')}; or break
    else
      set where "$where $word"
      break
    end
  end
  test "$where" = "$argv[1]"
end
${lines.join('\n')}`;
}

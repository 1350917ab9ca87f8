import type { CompletionTree } from './completion-script.ts';

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const described = (word: string, help: string): string => quote(`${word.replaceAll(':', '\\:')}:${help}`);

/** For zsh: each word with its help. */
export function zshScript(tree: CompletionTree): string {
  const follow = [...tree].map(
    ([path, candidates]) =>
      `    ${quote(path)}) words_here=(${candidates.map(({ word, help }) => described(word, help)).join(' ')}) ;;`,
  );
  const values = [...tree].flatMap(([path, candidates]) =>
    candidates
      .filter(({ takesValue }) => takesValue === true)
      .map(({ word, values: closed }) =>
        closed === undefined
          ? `    ${quote(`${path} ${word}`)}) _files; return ;;`
          : `    ${quote(`${path} ${word}`)}) compadd -- ${closed.map(quote).join(' ')}; return ;;`,
      ),
  );
  const nouns = (tree.get('') ?? []).filter(({ word }) => tree.has(word)).map(({ word }) => word);
  return `#compdef sekisho
# zsh completion of sekisho
_sekisho() {
  local -a words_here
  local where='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] && continue
    if [[ -z $where ]]; then
      where=$word
      [[ " ${nouns.join(' ')} " == *" $word "* ]] || break
    else
      where="$where $word"
      break
    fi
  done
  case "$where \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$where" in
${follow.join('\n')}
  esac
  if (( \${#words_here} )); then _describe 'sekisho' words_here; else _files; fi
}
if [ "$funcstack[1]" = _sekisho ]; then _sekisho "$@"; else compdef _sekisho sekisho; fi`;
}

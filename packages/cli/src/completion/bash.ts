import type { CompletionTree } from './completion-script.ts';

/** For bash 3.2 and newer (macOS still ships it): no associative arrays. */
export function bashScript(tree: CompletionTree): string {
  const follow = [...tree].map(
    ([path, candidates]) => `    '${path}') echo '${candidates.map(({ word }) => word).join(' ')}' ;;`,
  );
  const values = [...tree].flatMap(([path, candidates]) =>
    candidates
      .filter(({ takesValue }) => takesValue === true)
      .map(
        ({ word, values: closed }) => `    '${path} ${word}') echo '${(closed ?? ['@file']).join(' ')}' ;;`,
      ),
  );
  const nouns = (tree.get('') ?? []).filter(({ word }) => tree.has(word)).map(({ word }) => word);
  return `# bash completion of sekisho
_sekisho_follow() {
  case "$1" in
${follow.join('\n')}
  esac
}

_sekisho_values() {
  case "$1" in
${values.join('\n')}
  esac
}

_sekisho() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path='' word at values
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    case "$word" in -*) continue ;; esac
    if [ -z "$path" ]; then
      path="$word"
      case " ${nouns.join(' ')} " in *" $word "*) ;; *) break ;; esac
    else
      path="$path $word"
      break
    fi
  done
  values="$(_sekisho_values "$path $previous")"
  if [ "$values" = @file ]; then
    COMPREPLY=($(compgen -f -- "$current"))
  elif [ -n "$values" ]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$(_sekisho_follow "$path")" -- "$current"))
  fi
}
complete -o filenames -o bashdefault -F _sekisho sekisho`;
}

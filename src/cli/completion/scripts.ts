/** The functions with which shells ask the program what can follow. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The hidden command that the functions call with the words before the cursor. */
export const COMPLETE = '__complete';

const BASH = `# Completion for bash: source <(aws-secrets-injector completion bash)
_aws_secrets_injector() {
  local words word line
  # Not COMP_WORDS, which is split at "=" and ":".
  read -ra words <<<"\${COMP_LINE:0:COMP_POINT}"
  [[ \${COMP_LINE:COMP_POINT-1:1} == [[:space:]] ]] && words+=("")
  word=\${words[-1]}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :0) compopt -o default ;;
      :*) ;;
      # bash replaces only what follows "=".
      *) line=\${line%%$'\\t'*}; [[ $word == *=* ]] && line=\${line#*=}; COMPREPLY+=("$line") ;;
    esac
  done < <("\${words[0]}" ${COMPLETE} "\${words[@]:1}" 2>/dev/null)
}
complete -F _aws_secrets_injector aws-secrets-injector
`;

const ZSH = `#compdef aws-secrets-injector
# Completion for zsh: source <(aws-secrets-injector completion zsh), or a file _aws-secrets-injector in a folder of $fpath
_aws-secrets-injector() {
  local line word files=1
  local -a found
  while IFS= read -r line; do
    case $line in
      :0) files=0 ;;
      :*) ;;
      *)
        word=\${line%%$'\\t'*}
        found+=("\${word//:/\\\\:}:\${\${line#$word}#$'\\t'}")
        ;;
    esac
  done < <("\${words[1]}" ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( files == 0 )); then
    compset -P '--*='
    _files
  elif (( $#found )); then
    _describe command found
  fi
}
if [[ $funcstack[1] == _aws-secrets-injector ]]; then
  _aws-secrets-injector "$@"
else
  compdef _aws-secrets-injector aws-secrets-injector
fi
`;

const FISH = `# Completion for fish: aws-secrets-injector completion fish | source
function __aws_secrets_injector_complete
  set -l words (commandline --tokenize --cut-at-cursor --current-process)
  set -l word (commandline --current-token --cut-at-cursor)
  for line in ($words[1] ${COMPLETE} $words[2..-1] "$word" 2>/dev/null)
    switch $line
      case ':0'
        __fish_complete_path "$word"
      case ':*'
      case '*'
        echo -- $line
    end
  end
end
complete --command aws-secrets-injector --no-files --arguments '(__aws_secrets_injector_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

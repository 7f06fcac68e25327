/** What a shell needs to ask `pullpass complete` for what can come next. */

export type Shell = 'bash' | 'fish' | 'zsh';

/** To bash a colon and an equals sign end a word, and it only wants what comes after them. */
const BASH = `# source <(pullpass completion bash)
_pullpass() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n'
  local word="\${line##*[[:space:]]}"
  local prefix="\${word%"\${word##*[:=]}"}"
  local -a words
  read -r -a words <<< "\${line%"$word"}"
  IFS=$'\\n'
  COMPREPLY=($(pullpass complete -- "\${words[@]:1}" "$word" 2>/dev/null))
  COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
}
complete -o default -F _pullpass pullpass
`;

const ZSH = `#compdef pullpass
# source <(pullpass completion zsh), after compinit
_pullpass() {
  local -a found
  found=("\${(@f)$(pullpass complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then compadd -a found; else _files; fi
}
compdef _pullpass pullpass
`;

const FISH = `# pullpass completion fish | source
function __pullpass_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  pullpass complete -- $words[2..-1] "$current" 2>/dev/null
end
complete -c pullpass -a '(__pullpass_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, fish: FISH, zsh: ZSH };

/** The scripts with which shells ask `pullpass complete` at every press of the tab key. */

export type Shell = 'bash' | 'fish' | 'zsh';

/** To bash a colon and an equals sign end a word, and it only wants what comes after them. macOS has bash 3.2. */
const BASH = `# source <(pullpass completion bash)
_pullpass() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n'
  local word="\${line##*[[:space:]]}"
  local prefix="\${word%"\${word##*[:=]}"}"
  local -a words
  read -r -a words <<< "\${line%"$word"}"
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line#"$prefix"}")
  done < <(pullpass complete -- "\${words[@]:1}" "$word" 2>/dev/null)
}
complete -o default -F _pullpass pullpass
`;

/** Identifiers are shown with what they are, a line each. Sourced, or loaded from a file of `fpath` at the first tab key. */
const ZSH = `#compdef pullpass
# source <(pullpass completion zsh), after compinit; or a file _pullpass in fpath
_pullpass() {
  local -a lines found shown
  lines=("\${(@f)$(pullpass complete --describe -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)lines%%$'\\t'*}")
  shown=("\${(@)lines/$'\\t'/  -- }")
  if [[ -z "\${found[*]}" ]]; then _files
  elif [[ "\${lines[*]}" == *$'\\t'* ]]; then compadd -l -d shown -a found
  else compadd -a found; fi
}
if [[ "\${funcstack[1]}" == _pullpass ]]; then _pullpass "$@"; else compdef _pullpass pullpass; fi
`;

/** Files only where nothing is known: fish would list them beside. */
const FISH = `# pullpass completion fish | source
function __pullpass_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  set -l found (pullpass complete --describe -- $words "$current" 2>/dev/null)
  if test (count $found) -gt 0
    string join \\n -- $found
  else
    __fish_complete_path "$current"
  end
end
complete -c pullpass -f -a '(__pullpass_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, fish: FISH, zsh: ZSH };

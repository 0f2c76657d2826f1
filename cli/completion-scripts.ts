export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that makes a shell ask `reefline completion words` for what may follow. `dirs`: commands that take a folder. */
export function completionScript(shell: Shell, dirs: readonly string[]): string {
  switch (shell) {
    case 'bash':
      return BASH;
    case 'zsh':
      return ZSH;
    case 'fish':
      return fishScript(dirs);
  }
}

const BASH = `# reefline completion for bash: eval "$(reefline completion bash)"
_reefline() {
  local IFS=$'\\n'
  COMPREPLY=($(reefline completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _reefline reefline`;

const ZSH = `#compdef reefline
# reefline completion for zsh: eval "$(reefline completion zsh)"
_reefline() {
  local -a candidates
  candidates=(\${(f)"$(reefline completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#candidates} )); then
    compadd -a candidates
  else
    _files
  fi
}
compdef _reefline reefline`;

function fishScript(dirs: readonly string[]): string {
  return `# reefline completion for fish: reefline completion fish | source
function __reefline_words
  set -l words (commandline -opc)
  reefline completion words -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c reefline -f -a '(__reefline_words)'
complete -c reefline -n '__fish_seen_subcommand_from ${dirs.join(' ')}' -a '(__fish_complete_directories)'`;
}

#compdef mymm
# SPDX-License-Identifier: GPL-2.0
#
# completion - what Tab offers after mymm in zsh: what it offers in bash.
autoload -U +X bashcompinit && bashcompinit
source "${${(%):-%x}:A:h:h:h}/bash-completion/completions/mymm"
_bash_complete -F _mymm_complete

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# completion - what Tab offers after mymm, in bash and zsh.
#
# It asks mymm --help, which is made from the tables by which mymm reads its command line: so it
# knows each command and option of the mymm that it completes. "make install" has it where bash-completion looks;
# elsewhere: . scripts/completion.sh

# The names of all commands, of one word or two.
_mymm_commands() { "$mymm" help 2>/dev/null | sed -n '/^  help /,$d; s/^  \([a-z][a-z ]\{13\}\).*/\1/p' | sed 's/ *$//'; }

# _mymm_values OPTION: what may stand after it, a word a line: @files, @commands, or words that
# --help lists.
_mymm_values() {
	awk -v option="$1" '
		function words(text, list, n, i) {
			sub(/;.*/, "", text)
			gsub(/ or /, ", ", text)
			n = split(text, list, /, */)
			for (i = 1; i <= n; i++)
				if (list[i] !~ /^[A-Za-z0-9_-]+$/) return
			for (i = 1; n > 1 && i <= n; i++) print list[i]
		}
		# gfp words stand above the options.
		/^LIST, / { listed = 1; next }
		listed && /^  [a-z]/ { flags = flags $0; next }
		{ listed = 0 }
		match($0, /^  (-[A-Za-z], |    )--[a-z-]+/) {
			name = substr($0, 1, RLENGTH)
			rest = substr($0, RLENGTH + 1)
			letter = substr(name, 3, 2)
			sub(/^.*--/, "--", name)
			if ((option != name && option != letter) || rest !~ /^ [^ ]/) next
			arg = rest
			sub(/^ /, "", arg); sub(/ .*/, "", arg)
			sub(/^ [^ ]+ +/, "", rest)
			if (arg ~ /\|/) { gsub(/\|/, ", ", arg); words(arg) }
			else if (arg ~ /^FILE/) print "@files"
			else if (arg == "CMD") print "@commands"
			else if (arg == "LIST") { gsub(/[ .]/, "", flags); words(flags) }
			else { sub(/^[a-z ]*: /, "", rest); words(rest) }
			print "@taken"
		}' <<<"$help"
}

# _mymm_files: those that the word may mean, after a line that says that files follow.
_mymm_files() {
	echo @files
	compgen -f -- "$cur"
}

_mymm_programs() { compgen -c -- "$cur" | sort -u; }

# _mymm_offer: the words of the input that begin as the word does. Behind a comma a list goes on.
_mymm_offer() {
	local before=''
	[[ $cur != *,* ]] || before=${cur%,*},
	compgen -P "$before" -W "$(cat)" -- "${cur##*,}"
}

# _mymm_operand AT: the word is one of the command's own, or of what it runs, after "--".
_mymm_operand() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if ((i + 1 == COMP_CWORD)); then _mymm_programs; else _mymm_files; fi
		return
	done
	! head -n 1 <<<"$help" | grep -qE 'FILE|RECORDING' || _mymm_files
}

# _mymm_lines: a line for each word that Tab offers.
_mymm_lines() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' names help values=''
	# "=" is a word of its own.
	if [[ $cur == = ]]; then
		cur=''
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	local first=${COMP_WORDS[1]} second=${COMP_WORDS[2]:-} at=1
	if [[ $first == help ]] && ((COMP_CWORD > 1)); then
		first=$second second=${COMP_WORDS[3]:-} at=2
	fi
	names=$(_mymm_commands)
	if ((COMP_CWORD == at)); then
		{ cut -d ' ' -f 1 <<<"$names"; ((at == 2)) || printf '%s\n' help --help --version; } | sort -u | _mymm_offer
		return
	fi
	if ((COMP_CWORD > at + 1)) && grep -qxF -- "$first $second" <<<"$names"; then
		command="$first $second"
	elif grep -qxF -- "$first" <<<"$names"; then
		command=$first
	elif ((COMP_CWORD == at + 1)); then
		sed -n "s/^$first //p" <<<"$names" | _mymm_offer
	fi
	[[ $command ]] && ((at == 1)) || return
	help=$(tr ' ' '\n' <<<"$command" | xargs "$mymm" help 2>/dev/null)
	[[ $prev != -* ]] || values=$(_mymm_values "$prev")
	case $values in
	@files*) _mymm_files ;;
	@commands*) _mymm_programs ;;
	?*) grep -v '^@' <<<"$values" | _mymm_offer ;;
	*)
		if [[ $cur == -* ]]; then
			{ grep -oE '^  (-[A-Za-z], |    )--[a-z-]+' <<<"$help" | sed 's/.*--/--/'; echo --help; } | _mymm_offer
		else
			_mymm_operand
		fi
		;;
	esac
}

# _mymm_complete MYMM: sets COMPREPLY.
_mymm_complete() {
	[[ ! ${ZSH_VERSION:-} ]] || emulate -L ksh
	local mymm=${1/#\~/$HOME} line
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		@files) ! command -v compopt >/dev/null || compopt -o filenames 2>/dev/null ;;
		*) COMPREPLY+=("$line") ;;
		esac
	done < <(_mymm_lines)
}

complete -F _mymm_complete mymm

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# env - what each bash script of ours begins with: an environment that is the same in every
# shell, and the places that all of them use.
#
# Kbuild, gcc, git, grep, tar and bash itself take orders from variables (ARCH, O, CONFIG_*,
# KCFLAGS, CPATH, GIT_DIR, TAR_OPTIONS, CDPATH, SHELLOPTS ...), and what tools print depends on
# the language. A list of all that do harm is impossible, so this lists those that may stay; a
# knob of ours has to stand there. Functions that a shell exported go, too.
#
#	top	the checkout
#	cache	where kernels are kept
#	out	where what is built here is: BUILD, or build in the checkout
#	silent	set, if a make above us was called with -s

set +o posix +o noclobber +o noglob
shopt -u dotglob failglob nocaseglob nocasematch nullglob
declare +x SHELLOPTS BASHOPTS
for name in $(compgen -A function); do unset -f "$name"; done
silent=''
[[ ! ${MAKEFLAGS:-} =~ ^[a-zA-Z]*s ]] || silent=1

# plain PATH: can make name it? Blanks, colons and quotes mean something to it.
plain() { [[ $1 =~ ^[[:alnum:]_./+@-]+$ ]]; }

clean_environment() {
	local name
	for name in $(compgen -e); do
		case $name in
		BUILD | CC | CI | DEBEMAIL | DEBFULLNAME | DESTDIR | FILTER | FOR | JOBS | KERNEL | MYMM | PREFIX | SEED | STORM | V) ;;
		HOME | LOGNAME | NO_COLOR | PATH | PWD | SHLVL | TERM | TMPDIR | TZ | USER | XDG_CACHE_HOME) ;;
		APT_CONFIG | CCACHE_* | FAKEROOT* | LD_* | SUDO_* | *_proxy | *_PROXY) ;;
		*) unset "$name" 2>/dev/null || true ;;
		esac
	done
	export LC_ALL=C.UTF-8
	export PATH=${PATH:-/usr/local/bin}
	for name in /usr/sbin /usr/bin /sbin /bin; do
		[[ :$PATH: == *:$name:* ]] || PATH+=:$name
	done
	# Without HOME, ~ is what the password file says.
	[[ ${HOME:-} ]] || { unset HOME; export HOME=~; }
	[[ ! -v TMPDIR || $TMPDIR == /* ]] || TMPDIR=$PWD/$TMPDIR
	[[ ! -v TMPDIR ]] || plain "$TMPDIR" || unset TMPDIR
	# What we make, other users may read; a guest has some.
	umask go+rx
}

# The next file that is opened would take the place of a closed descriptor.
open_descriptors() {
	{ : <&0; } 2>/dev/null || exec </dev/null
	{ : >&1; } 2>/dev/null || exec >/dev/null
	{ : >&2; } 2>/dev/null || exec 2>/dev/null
}

# cache_place: by the XDG convention, which has paths be absolute; if kbuild could not work
# there, or there is no home, in a folder for this user.
cache_place() {
	local place=${XDG_CACHE_HOME:-}
	[[ $place == /* ]] || place=$HOME/.cache
	if plain "$place" && { [[ -d $place ]] || mkdir -p "$place" 2>/dev/null; }; then
		echo "$place/mymm"
	else
		scratch
	fi
}

# scratch: a folder of this user's where make can work.
scratch() {
	local place=/var/tmp/mymm-$UID
	mkdir -p "$place"
	[[ -O $place && ! -L $place ]] || { echo "mymm: $place belongs to somebody else" >&2; exit 1; }
	echo "$place"
}

clean_environment
open_descriptors
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$(cache_place)
out=$top/build
[[ ! ${BUILD:-} ]] || out=$(realpath -m -- "$BUILD")
unset BUILD
[[ $out == "$top/build" ]] || export BUILD=$out
# shellcheck disable=SC2034 # for those that source this
readonly top cache out silent

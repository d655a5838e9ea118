# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# roots - a root of each distribution that is supported, to be used and left as it was. For
# scripts that have sourced env.sh and distribution.sh, and have say, die and
#	logs		where what debootstrap prints is kept
#	check_gpg	empty: packages need no signature that can be checked here
#
# A root is made once by debootstrap, from the mirror that apt uses here, and kept in the cache.
# What uses it has an overlay over it, in a namespace of mounts, with which all of it goes.

# shellcheck disable=SC2154 # others set cache and logs
readonly roots=$cache/distros

suite_of() {
	case $1 in
	debian-12) echo bookworm ;;
	debian-13) echo trixie ;;
	ubuntu-24.04) echo noble ;;
	*) die "$1 is not supported; debian-12, debian-13 and ubuntu-24.04 are" ;;
	esac
}

# mirror_of NAME SUITE: where apt here has NAME (debian, ubuntu) from, or where a mirror that has
# the other one has it, too.
mirror_of() {
	local uri
	for uri in $(apt-get indextargets --format "\$(REPO_URI)" | sed 's|/$||' | sort -u); do
		case $uri in
		*/debian | */ubuntu) uri=${uri%/*}/$1 ;;
		*) continue ;;
		esac
		! reachable "$uri/dists/$2/Release" || { echo "$uri"; return; }
	done
	die "no mirror that apt uses here has $2 of $1; add one to apt's sources"
}

# reachable URI: by apt's own program, which goes through the same proxies.
reachable() {
	local file code=0
	file=$(mktemp -u)
	/usr/lib/apt/apt-helper -qq download-file "$1" "$file" >/dev/null 2>&1 || code=1
	rm -f "$file"
	return "$code"
}

sources() {
	local uri=$1 suite=$2
	case $uri in
	*/ubuntu) printf "deb $uri %s main universe\n" "$suite" "$suite-updates" "$suite-security" ;;
	*)
		printf "deb $uri %s main\n" "$suite" "$suite-updates"
		! reachable "$uri-security/dists/$suite-security/Release" || echo "deb $uri-security $suite-security main"
		;;
	esac
}

# make_root NAME SUITE FOLDER
make_root() {
	local name=${1%-*} suite=$2 folder=$3 uri gpg=() keyring script=()
	keyring=/usr/share/keyrings/$name-archive-keyring.gpg
	if [[ ! $check_gpg ]]; then
		say "$1: its packages are not checked: --no-check-gpg"
		gpg=(--no-check-gpg)
	elif [[ -e $keyring ]]; then
		gpg=(--keyring="$keyring")
	else
		die "$1: there is no $keyring to check its packages by; install the package that has" \
			"it, or make the root unchecked: --no-check-gpg"
	fi
	uri=$(mirror_of "$name" "$suite")
	# A debootstrap older than the suite lacks its script; Ubuntu's are all the same as gutsy.
	[[ $name != ubuntu || -e /usr/share/debootstrap/scripts/$suite ]] || script=(gutsy)
	say "$1: making a root from $uri"
	rm -rf --one-file-system "$folder.part"
	# shellcheck disable=SC2154
	debootstrap "${gpg[@]}" --variant=minbase "$suite" "$folder.part" "$uri" "${script[@]}" >"$logs/$1.debootstrap" 2>&1 ||
		die "$1: debootstrap failed; see $logs/$1.debootstrap"
	sources "$uri" "$suite" >"$folder.part/etc/apt/sources.list"
	mv -T "$folder.part" "$folder"
}

# have_root NAME: the root of that distribution.
have_root() {
	mkdir -p "$roots" "$logs"
	[[ -e $roots/$1 ]] || make_root "$1" "$(suite_of "$1")" "$roots/$1"
}

# mount_root ROOT RUN: in a namespace of mounts: RUN gets what is written; RUN/mnt is the root.
mount_root() {
	local root=$1 run=$2 m=$2/mnt device
	mount -t overlay overlay -o "lowerdir=$root,upperdir=$run/up,workdir=$run/work" "$m"
	mount -t proc proc "$m/proc"
	mount -t sysfs -o ro sysfs "$m/sys"
	mount -t tmpfs -o mode=755 tmpfs "$m/dev"
	for device in null zero full random urandom tty; do
		: >"$m/dev/$device"
		mount --bind "/dev/$device" "$m/dev/$device"
	done
	ln -s /proc/self/fd "$m/dev/fd"
	mkdir "$m/dev/shm" "$m/dev/pts"
	mount -t tmpfs tmpfs "$m/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=666 devpts "$m/dev/pts"
	ln -s pts/ptmx "$m/dev/ptmx"
	cp -L /etc/resolv.conf /etc/hosts "$m/etc/"
	# What is written need not outlast a crash.
	echo force-unsafe-io >"$m/etc/dpkg/dpkg.cfg.d/99host"
	# How apt gets at packages here: proxies, what it checks.
	apt-config dump --format '%f "%v";%n' Acquire >"$m/etc/apt/apt.conf.d/99host"
}

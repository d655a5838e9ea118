# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# It loads the module, and unloads it at the end. A line "a = 7" is what the module shows for
# blank a. $T is a folder for copies of the module's files.
set -u
T=$(mktemp -d)
export T

unload() {
	for module in mymm_vm mymm; do
		! grep -q "^$module " /proc/modules || rmmod "$module" || exit
	done
}
trap 'unload; rm -rf "$T"' EXIT

# load PARAMETER...: the module mymm, with nothing left of what was before.
load() {
	unload
	insmod mymm.ko "$@" || exit
}

# shows BLANK NUMBER
shows() { echo "$1 = $2"; }

# counter NAME [FILE]: a number of /proc/myvmstat, or of a copy of it.
counter() { awk -v name="$1" '$1 == name { print $2; exit }' "${2:-/proc/myvmstat}"; }

# blocks [FILE]: all free blocks of /proc/mybuddyinfo.
blocks() { awk '{ for (i = 5; i <= NF; i++) n += $i } END { print n + 0 }' "${1:-/proc/mybuddyinfo}"; }

# zone NODE ZONE NAME [FILE]: a number of /proc/myzoneinfo.
zone() {
	awk -v node="$1," -v zone="$2" -v name="$3" '
		$1 == "Node" { here = $2 == node && $4 == zone }
		here && $1 == "pages" { $1 = ""; $0 = $0 }
		here && ($1 == name || $1 == name ":") { print $2; exit }' "${4:-/proc/myzoneinfo}"
}

# slabs CACHE FIELD [FILE]: a number of /proc/myslabinfo: 3 is <num_objs>, 6 <pagesperslab>.
slabs() { awk -v name="$1" -v field="$2" '$1 == name { print $field; exit }' "${3:-/proc/myslabinfo}"; }

# task PID FIELD [FILE]: a number of /proc/mymm_tasks: 2 is VSS, 3 RSS, 4 SWAPPED.
task() { awk -v pid="$1" -v field="$2" '$1 == pid { print $field; exit }' "${3:-/proc/mymm_tasks}"; }

# every_other NAME NR: lines for mymm run that free every other one of the NR blocks $NAME.
every_other() { seq 0 2 $(($2 - 1)) | sed "s/.*/\$$1[&]/" | xargs echo pages free; }

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# lib - what the tests in the guest are written with.
#
# Each other file of this folder with a line "kernels" is a test, a script for busybox sh. It
# runs in a folder of its own, with all that is in the guest's /mymm, and in a machine that was
# booted for it or that others used before it (run.sh). Its head says where:
#	# kernels: stock 6.12		the kernels it is for; host: none, it needs no machine
#	# files: Documentation/x		what it finds in its folder, on the host
#	# vm: --mem 512 --smp 4		options for qemu/vm
#	# vm debug: --mem 2048		more of them, on that kernel only
#	# vm each: --mem 200		a machine of its own for each such line
#	# tool: tools/mm/slabinfo.c	from the kernel's sources, built, in tools
#	# cost: 40			the seconds that it takes: what takes long begins
#	# cost debug: 270		on that kernel
#	# boot: own			it shares its machine with no other test
#	# part: mymm_[a-o]*		a boot for each such line, those globs being its FILTER
#	# part debug: mymm_stress	on that kernel
# It begins with ". ./lib.sh", says "check SENTENCE COMMAND..." for each thing
# that must hold, and ends with "finish". The plan comes last, after
# everything, so that a script that dies on its way has no plan and has failed.
# A test that has the kernel report something on purpose appends panic_on_warn=0,
# counts the reports itself, and leaves out "healthy".

results=0 failures=0
newline='
'

# remark LINE...: what stdin or the arguments say, as a comment of KTAP.
remark() {
	case $#:$* in
	0:) sed 's/^/# /' ;;
	*"$newline"*) echo "$*" | sed 's/^/# /' ;;
	*) echo "# $*" ;;
	esac
}

ok() {
	results=$((results + 1))
	echo "ok $results - $*"
}

not_ok() {
	results=$((results + 1))
	failures=$((failures + 1))
	echo "not ok $results - $*"
}

skip() {
	results=$((results + 1))
	echo "ok $results - $1 # SKIP $2"
}

# check SENTENCE COMMAND...: it must succeed; if not, what it said is shown.
check() {
	sentence=$1
	shift
	if said=$("$@" 2>&1); then
		ok "$sentence"
	else
		remark "$* gave $?"
		[ -z "$said" ] || remark "$said"
		not_ok "$sentence"
	fi
}

# refuse SENTENCE COMMAND...: it must fail.
refuse() {
	sentence=$1
	shift
	if said=$("$@" 2>&1); then
		remark "$* succeeded, but should not"
		[ -z "$said" ] || remark "$said"
		not_ok "$sentence"
	else
		ok "$sentence"
	fi
}

# eventually SECONDS COMMAND...: it need not succeed at once, on a machine that is slow; it is
# tried ten times a second.
eventually() {
	tries=$(($1 * 10))
	shift
	until said_last=$("$@" 2>&1); do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { echo "$said_last"; return 1; }
		sleep 0.1
	done
}

# json FILE: is it one JSON document, of texts, whole numbers, true, false and null? Texts
# become S and all else V, from the inside to the outside.
json() {
	tr '\n' '\t' <"$1" | sed -E \
		-e 's/"([^"\\[:cntrl:]]|\\(["\\bfnrt]|u[0-9a-f]{4}))*"/S/g' \
		-e 's/true|false|null|0|-?[1-9][0-9]*/V/g' -e 's/[[:blank:]]//g' \
		-e ':in' -e 's/\[([VS](,[VS])*)?\]|\{(S:[VS](,S:[VS])*)?\}/V/g' -e 'tin' |
		grep -qx V
}

# user_mode: is this kernel user-mode Linux?
user_mode() { grep -q 'User Mode Linux' /proc/cpuinfo; }

# ---- The kernel's own opinion ---------------------------------------------

readonly report='BUG:|WARNING:|Oops|UBSAN:|KASAN:|INFO: task|INFO: rcu|INFO: possible|possible recursive|possible circular|possible irq lock|inconsistent lock|suspicious RCU|sleeping function|DEBUG_LOCKS|ODEBUG|kmemleak: [0-9]|lockup|slab error|Objects remaining|mymm: pool default: .* never given back'

no_report_in_log() {
	! dmesg | grep -E -A 20 "$report"
}

# Out-of-tree (O), unsigned (E) and test (N) are what we are; nothing else.
no_taint() {
	taint=$(($(cat /proc/sys/kernel/tainted) & ~(4096 | 8192 | 262144)))
	[ "$taint" = 0 ] || { echo "taint bits: $taint"; return 1; }
}

lockdep_still_on() {
	grep -q 'debug_locks: *1' /proc/lockdep_stats
}

leaks=/sys/kernel/debug/kmemleak

# forget_leaks: what is found before our modules were loaded is not ours.
forget_leaks() {
	[ ! -e "$leaks" ] || { echo scan >"$leaks"; echo clear >"$leaks"; }
}

# no_leak: kmemleak reports what is older than 5 s, and its first scan may
# still take a stale register or stack slot for a reference, or miss one.
no_leak() {
	sleep 6
	echo scan >"$leaks"
	echo scan >"$leaks"
	! grep . "$leaks"
}

# healthy: the last checks of each test.
healthy() {
	[ ! -e "$leaks" ] || check "kmemleak finds nothing that was leaked" no_leak
	[ ! -e /proc/lockdep_stats ] || check "lockdep is still on, so found nothing" lockdep_still_on
	check "the kernel's log holds no report" no_report_in_log
	check "the kernel is not tainted" no_taint
}

finish() {
	echo "1..$results"
	[ "$failures" = 0 ]
	exit
}

echo "KTAP version 1"

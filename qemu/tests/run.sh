#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# run - in the guest: run tests one after the other.
#
# usage: run.sh NAME...
#
# Each has a folder, a session and a KTAP document of its own. It stands between two lines,
# in stderr too, "@ begin NAME" and "@ end CODE MILLISECONDS": a test without the second was
# running when the machine ended. What a test left behind is taken away before the next. If
# it can't be, or the kernel is tainted, "@ left WHAT" is said and the others do not run,
# since what they found would not be theirs.

say() { echo "@ $*"; echo "@ $*" >&2; }

now() { awk '{ print int($1 * 1000) }' /proc/uptime; }

# run TEST: in a session of its own, of which nothing stays; sets $code.
run() {
	mkdir "/tmp/$1" && cd "/tmp/$1" && ln -s /mymm/* . || return
	setsid sh "./$1" &
	session=$!
	wait "$session"
	code=$?
	kill -KILL -- "-$session" 2>/dev/null
	cd /mymm && rm -rf "/tmp/$1"
}

# clean: as far as tests can see, the machine is as it was.
clean() {
	dmesg -c >/dev/null
	for module in mymm_vm_kunit mymm_vm mymm_kunit mymm_bench mymm_plant mymm; do
		! grep -q "^$module " /proc/modules || rmmod "$module"
	done
	if grep -q '^mymm' /proc/modules; then left="a module that does not unload"; return 1; fi
	# Out-of-tree (O), unsigned (E) and test (N) are what we are.
	if [ $(($(cat /proc/sys/kernel/tainted) & ~(4096 | 8192 | 262144))) != 0 ]; then
		left="a tainted kernel"
		return 1
	fi
}

while [ $# -gt 0 ]; do
	say "begin $1"
	began=$(now) code=1
	run "$1"
	say "end $code $(($(now) - began))"
	shift
	[ $# = 0 ] || clean || { say "left $left"; exit; }
done

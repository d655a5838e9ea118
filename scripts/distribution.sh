# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# distribution - which one this is, and what is known of it. For scripts that have sourced
# env.sh; a distribution more is a line more here.
#
#	distribution	such as debian-13
#	stock_version	the version of the kernel that it installs by default
#	source_package	the package with the source that test kernels are built from

# shellcheck disable=SC2034 # for those that source this
set_distribution() {
	local ID='' VERSION_ID='' PRETTY_NAME=''
	# shellcheck source=/dev/null
	[[ ! -r /etc/os-release ]] || . /etc/os-release
	distribution=${ID:-unknown}-${VERSION_ID:-unknown} distribution_name=${PRETTY_NAME:-this system}
	case $distribution in
	debian-12) stock_version=6.1 source_package=linux-source-6.12 ;;
	debian-13) stock_version=6.12 source_package=linux-source-6.12 ;;
	ubuntu-24.04) stock_version=6.8 source_package=linux-source-6.8.0 ;;
	*) stock_version='' source_package='' ;;
	esac
	[[ $(uname -m) == x86_64 ]] || stock_version='' distribution_name+=" on $(uname -m)"
}

# supported: it is, or a line says what is.
supported() {
	[[ ! $stock_version ]] || return 0
	echo "mymm: $distribution_name is not supported; Debian 12, Debian 13 and Ubuntu 24.04 are, on x86-64." \
		"Elsewhere a kernel tree may do: KERNEL=PATH" >&2
	return 1
}

set_distribution

# SPDX-License-Identifier: GPL-2.0
# Functions that the scripts here share. Sourced, with bash.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${PERFBUF_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/perfbuf}
program=$(basename "$0")

# The answer of a script goes to stdout; what it does, to stderr.
say() {
	echo "$program: $*" >&2
}

die() {
	echo "$program: $*" >&2
	exit 2
}

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || die "$tool is missing: scripts/setup installs what the scripts need"
	done
}

# The absolute path of a file that need not exist.
absolute() {
	realpath -m -- "$1"
}

# Installs packages; with lists as old as the image of the machine, fetches them first.
apt_install() {
	[ "$(id -u)" = 0 ] || die "needs these packages, and root to install them: $*"
	command -v apt-get >/dev/null || die "needs a Debian system, or by hand what these packages hold: $*"
	say "installing $*"
	apt_try install "$@" || { apt_update && apt_try install "$@"; } ||
		die "apt-get could not install: $*"
}

apt_try() {
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
		"$1" -y --no-install-recommends "${@:2}" </dev/null >"$cache_log" 2>&1 || {
		tail -n 3 "$cache_log" >&2
		return 1
	}
}

apt_update() {
	say "fetching the package lists"
	apt-get "$@" -qq -o DPkg::Lock::Timeout=600 -o APT::Update::Error-Mode=any update </dev/null >&2
}

# apt_download DIR PACKAGE...: into DIR and not installed; apt's options are in the array apt.
apt_download() {
	local to=$1
	shift
	(cd "$to" && { apt-get ${apt[@]+"${apt[@]}"} -qq download "$@" 2>/dev/null ||
		{ apt_update ${apt[@]+"${apt[@]}"} && apt-get ${apt[@]+"${apt[@]}"} -qq download "$@" 2>&1; }; } >&2) ||
		die "could not download $*"
}

# Once a day, whether the mirror can be reached or not: yesterday's packages may be gone from it.
apt_refresh() {
	[ "$(id -u)" = 0 ] && [ -z "$(find "$cache/apt-lists" -mtime -1 2>/dev/null)" ] || return 0
	touch "$cache/apt-lists"
	apt_update || say "the package lists stay as they are"
}

# The mirror of Debian that the machine's apt uses.
mirror() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sed -n 1p
}

# A process (but not the shell itself), then all that it started: a build or a guest would outlive it.
kill_tree() {
	local stat pid parent children=()
	for stat in /proc/[0-9]*/stat; do
		{ read -r pid stat < "$stat"; } 2>/dev/null || continue
		read -r _ parent _ <<< "${stat##*) }"
		[ "$parent" != "$1" ] || [ "$pid" = "$BASHPID" ] || children+=("$pid")
	done
	[ "$1" = $$ ] || kill "$1" 2>/dev/null || :
	for pid in ${children[@]+"${children[@]}"}; do
		kill_tree "$pid"
	done
}

# guest FILE COMMAND...: the output of a run in a guest; up to twice more if the emulator failed it, which
# scripts/vm distinguishes from a failure of the guest's. The names are no one else's: a command that is a function sees them.
guest() {
	local guest_output=$1 guest_status guest_try
	shift
	for guest_try in 1 2 3; do
		"$@" | tee "$guest_output"
		guest_status=${PIPESTATUS[0]}
		[ "$guest_status" = 123 ] || break
		say "the emulator failed in try $guest_try"
	done
	return "$guest_status"
}

mkdir -p "$cache"
cache_log=$cache/apt.log

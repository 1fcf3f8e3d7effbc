#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the library, build the example against nothing but what was installed,
# run it on both stores, and look at what it prints.
#
# usage: test_embedded.sh BUILD_DIR SOURCE_DIR [SANITIZERS]
set -eu
build=$1 source=$2 sanitize=${3:-none}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "$*" >&2
	exit 1
}

DESTDIR=$work/root meson install -C "$build" --no-rebuild --quiet >/dev/null
pc=$(find "$work/root" -name centro.pc)
[ -n "$pc" ] || fail "centro.pc was not installed"
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$work/root"
LD_LIBRARY_PATH=$(dirname "${pc%/*}")
export LD_LIBRARY_PATH

cp -r "$source/examples/embedded" "$work/example"
flags="-O1 -g -Wall -Wextra -Werror"
[ "$sanitize" = none ] || flags="$flags -fsanitize=$sanitize"
make -s -C "$work/example" clean
make -s -C "$work/example" CFLAGS="$flags"

# libcentro alone: whatever else is linked comes with the C library or a sanitizer.
needed=$(objdump -p "$work/example/orchestrator" | awk '$1 == "NEEDED" { print $2 }')
for library in $needed; do
	case $library in
	libcentro.so.0 | libc.so.6 | libasan.so.* | libubsan.so.*) ;;
	*) fail "the example links $library" ;;
	esac
done

check_run() {
	"$work/example/orchestrator" "$1" >"$work/out" 2>"$work/err" || {
		cat "$work/out" "$work/err" >&2
		fail "$1: the example failed"
	}
	[ ! -s "$work/err" ] || fail "$1: $(cat "$work/err")"
	for line in \
		'hello +0 +(alpha|beta) +succeeded +exited +0' \
		'seven +0 +(alpha|beta) +failed +exited +7' \
		'many +3 +(alpha|beta) +succeeded +exited +0' \
		'too-slow +0 +(alpha|beta) +timeout +time_limit +143' \
		'cancelled +0 +(alpha|beta) +cancelled +cancel +143' \
		'wrong +0 +(alpha|beta) +failed +start_failed +0' \
		'hello from a job' \
		'6 of 6 jobs have ended'; do
		grep -qE "^$line\$" "$work/out" || {
			cat "$work/out" >&2
			fail "$1: no line like: $line"
		}
	done
	[ "$(grep -c '^many ' "$work/out")" = 4 ] || fail "$1: not every instance ran once"
}

check_run memory:
check_run "file:$work/store"
check_run "file:$work/store"
echo "the example works"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs every test; installs what is missing. The last line is "N passed, N failed".
#   ./test.sh           everything
#   ./test.sh --quick   unit tests and the rule captures, in under two minutes
# Tests that need the shared cases and captures look for them in $GUAN_SHARED (default ../shared) and
# say so when they are absent.
set -u
cd "$(dirname "$0")" || exit 1
. tools/install.sh

quick=
case ${1:-} in
"") ;;
--quick) quick=1 ;;
*) echo "usage: ./test.sh [--quick]" >&2; exit 2 ;;
esac
export GUAN_SHARED=${GUAN_SHARED:-$PWD/../shared}
passed=0 failed=0
logs=$PWD/build/test-logs
mkdir -p "$logs"

# One test: name, then the command. Its output is shown only when it fails.
check() {
	local name=$1 start=$SECONDS
	shift
	if "$@" >"$logs/$name.log" 2>&1; then
		passed=$((passed + 1))
		printf 'ok    %s (%d s)\n' "$name" $((SECONDS - start))
	else
		failed=$((failed + 1))
		printf 'FAIL  %s (%d s)\n' "$name" $((SECONDS - start))
		tail -n 40 "$logs/$name.log" | sed 's/^/      /'
	fi
}

skip() { printf 'skip  %s: %s\n' "$1" "$2"; }

# The tests of a meson build, each counted.
check_meson() {
	local name=$1 dir=$2 start=$SECONDS
	shift 2
	meson test -C "$dir" --no-rebuild --print-errorlogs --timeout-multiplier 10 "$@" >"$logs/$name.log" 2>&1
	local status=$? ok bad
	ok=$(sed -n 's/^Ok: *\([0-9]*\).*/\1/p' "$logs/$name.log")
	bad=$(awk '/^(Fail|Timeout|Unexpected Pass):/ { n += $NF } END { print n + 0 }' "$logs/$name.log")
	passed=$((passed + ${ok:-0}))
	failed=$((failed + bad))
	if [ $status != 0 ] && [ "$bad" = 0 ]; then
		failed=$((failed + 1)) # meson itself failed
		bad=1
	fi
	printf '%-5s %s: %s of %s (%d s)\n' "$([ "$bad" = 0 ] && echo ok || echo FAIL)" "$name" \
		"${ok:-0}" $((${ok:-0} + bad)) $((SECONDS - start))
	[ "$bad" = 0 ] || tail -n 60 "$logs/$name.log" | sed 's/^/      /'
}

finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}

# Configures (once) and builds; a build that fails is a failed test and ends the run.
build() {
	local dir=$1
	shift
	if [ ! -e "$dir/build.ninja" ]; then
		meson setup "$dir" "$@" >"$logs/setup.log" 2>&1 || { tail -n 30 "$logs/setup.log"; return 1; }
	fi
	ninja -C "$dir"
}

collect_build
collect_run
collect_test
install_missing || { echo "packages could not be installed"; failed=1; finish; }

check build build build/debug -Dbuildtype=debugoptimized
[ "$failed" = 0 ] || finish
check_meson unit build/debug --no-suite system
sensor=$PWD/build/debug/sensor/guan-sensor
check rule-captures tests/pcap/rules/check.py "$sensor"
check flows tests/pcap/flows.py "$sensor"
[ -z "$quick" ] || finish

# --- Everything else ---

check build-clang env CC=clang bash -c '[ -e build/clang/build.ninja ] ||
	meson setup build/clang -Dbuildtype=debugoptimized >/dev/null; ninja -C build/clang'
check build-sanitizers build build/sanitize -Dbuildtype=debugoptimized \
	-Db_sanitize=address,undefined -Db_lundef=false
check_meson unit-sanitized build/sanitize --no-suite system
check_meson system build/debug --suite system
check replay-workers python3 tests/pcap/replay.py workers "$PWD/build/sanitize/sensor/guan-sensor"
check replay-split python3 tests/pcap/replay.py split "$sensor"
check replay-prefilter python3 tests/pcap/replay.py prefilter "$sensor"
check build-release build_programs "$PWD/build"
check dashboards build_dashboards "$PWD/build/dashboards"
for t in tests/system/*/run.sh; do
	[ -e "$t" ] || continue
	check "system-$(basename "$(dirname "$t")")" "$t" "$PWD/build"
done
check browser tests/browser/run.sh "$PWD/build"
check fuzz-smoke tests/fuzz/run.sh 8
check mutated-captures tests/fuzz/mutate.py "$PWD/build/sanitize/sensor/guan-sensor" 100000
if [ -d "$GUAN_SHARED/conformance" ]; then
	check conformance tests/conformance/run.sh "$PWD/build/sensor/guan-sensor"
else
	skip conformance "no $GUAN_SHARED/conformance"
fi
if [ -d "$GUAN_SHARED/corpus" ]; then
	check rule-sets tests/conformance/rule_sets.sh "$PWD/build/sensor/guan-sensor"
else
	skip rule-sets "no $GUAN_SHARED/corpus"
fi
check run-once ./run.sh --once --data "$PWD/build/test-var" --port 18099
rm -rf build/test-var
finish

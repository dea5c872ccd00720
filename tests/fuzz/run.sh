#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets and runs each for SECONDS (default 20): tests/fuzz/run.sh [SECONDS [TARGET...]]
# A finding stops it; its input stays under build/fuzz/findings. New corpus entries stay in
# build/fuzz/corpus, on top of the seeds in tests/fuzz/corpus.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-20}
[ $# -gt 0 ] && shift
dir=build/fuzz
if [ ! -e $dir/build.ninja ]; then
	CC=clang meson setup $dir -Dbuildtype=debugoptimized -Dfuzz=true -Dtests=true \
		-Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link \
		>/dev/null || exit 1
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(
	decode defrag tcp rule bittorrent_dht dcerpc dhcp dns http http2 ike jt808 krb5 ldap modbus
	mqtt ntp pgsql quic rdp rfb sip smb smtp snmp ssh tls websocket
)
ninja -C $dir "${targets[@]/#/tests/fuzz/fuzz_}" >$dir/build.log 2>&1 || { tail -n 30 $dir/build.log; exit 1; }
mkdir -p $dir/findings
bad=0
for t in "${targets[@]}"; do
	mkdir -p "$dir/corpus/$t" "tests/fuzz/corpus/$t"
	if "$dir/tests/fuzz/fuzz_$t" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix="$dir/findings/$t-" "$dir/corpus/$t" "tests/fuzz/corpus/$t" \
		>"$dir/$t.log" 2>&1; then
		echo "$t: $(grep -c . < <(ls "$dir/corpus/$t")) inputs kept, $(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$dir/$t.log") runs"
	else
		echo "$t: FOUND"
		grep -E 'ERROR|SUMMARY|runtime error|Test unit' "$dir/$t.log" | head -n 5
		bad=1
	fi
done
exit $bad

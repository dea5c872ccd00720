#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures the sensor on the shared corpus, against a bare libpcap loop over the same files.
#   tests/bench/run.sh [--quick] [--runs N] [--only NAME] [SENSOR]
# SENSOR is build/sensor/guan-sensor unless given, and should be a release build.
#   --quick    the captures as they are, instead of lengthened ones
#   --runs N   N runs of each (5)
#   --only N   only the capture N: edge, diverse or industrial
# Everything made stays in build/bench; the figures also go to build/bench/result.json.
set -eu
cd "$(dirname "$0")/../.."

usage() { sed -n 's/^# \{0,1\}//; 4,8p' "$0" >&2; exit 2; }

quick='' runs=5 only='' sensor=build/sensor/guan-sensor
while [ $# -gt 0 ]; do
	case $1 in
	--quick) quick=1 ;;
	--runs) [ $# -ge 2 ] || usage; runs=$2; shift ;;
	--only) [ $# -ge 2 ] || usage; only=$2; shift ;;
	-*) usage ;;
	*) sensor=$1 ;;
	esac
	shift
done
case $runs in '' | *[!0-9]* | 0) usage ;; esac

corpus=${GUAN_SHARED:-../shared}/corpus
out=build/bench
[ -d "$corpus" ] || { echo "bench: no $corpus; set GUAN_SHARED" >&2; exit 1; }
[ -x "$sensor" ] || { echo "bench: no $sensor; build a release first" >&2; exit 1; }
for tool in cc zstd taskset python3; do
	command -v "$tool" >/dev/null || { echo "bench: $tool is missing" >&2; exit 1; }
done

# Made in full or not at all, so that a run that was broken off leaves nothing half done.
unpack() { [ -s "$2" ] || { zstd -dqf "$1" -o "$2.part" && mv "$2.part" "$2"; }; }
compile() { [ "$2" -nt "$1" ] || cc -O2 -o "$2" "$1" -lpcap; }

mkdir -p "$out"
compile tests/bench/read_loop.c "$out/read_loop"
compile "$corpus/replicate.c" "$out/replicate"
unpack "$corpus/rules/et-open-2023.rules.zst" "$out/et-open-2023.rules"

captures=()
for row in edge:12 diverse:8 industrial:5; do
	name=${row%:*} times=${row#*:}
	[ -z "$only" ] || [ "$only" = "$name" ] || continue
	unpack "$corpus/captures/$name.pcap.zst" "$out/$name.pcap"
	if [ -n "$quick" ]; then
		captures+=("$name=$out/$name.pcap")
		continue
	fi
	long=$out/$name-x$times.pcap
	if [ ! -s "$long" ]; then
		"$out/replicate" "$out/$name.pcap" "$long.part" "$times" >&2
		mv "$long.part" "$long"
	fi
	captures+=("$name-x$times=$long")
done
[ ${#captures[@]} -gt 0 ] || usage

exec python3 tests/bench/measure.py --sensor "$sensor" --rules "$out/et-open-2023.rules" \
	--classification "$corpus/rules/classification.config" \
	--reference "$corpus/rules/reference.config" \
	--folder "$out" --runs "$runs" "${captures[@]}"

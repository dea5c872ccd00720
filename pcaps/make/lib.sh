# SPDX-License-Identifier: Apache-2.0
#
# Shared by every script that records a capture: two network namespaces joined by one
# virtual cable, real programs on both ends, tcpdump on the inner end.
#
#   gpc-in  the facility (its servers, PLCs, platforms)
#   gpc-out everybody who talks to it (visitors, terminals, operator stations, attackers)
#
# Addresses are given to the interfaces, so no frame is rewritten after it was recorded.
# Sourced by bash scripts; needs root, iproute2, tcpdump, python3.

set -euo pipefail

MAKE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PCAPS_DIR=$(dirname "$MAKE_DIR")
IN=gpc-in
OUT=gpc-out
TMP=
TCPDUMP_PID=
PIDS=()

# wire_up "INNER ADDRESSES" "OUTER ADDRESSES"
wire_up()
{
	local a ns

	TMP=$(mktemp -d /tmp/gpc.XXXXXX)
	# nginx's worker and sshd's children run as other users and must reach their files.
	chmod 755 "$TMP"
	ip netns add $IN
	ip netns add $OUT
	ip link add gpc0 netns $IN address 02:00:00:00:00:01 type veth \
	    peer name gpc0 netns $OUT address 02:00:00:00:00:02
	for ns in $IN $OUT; do
		ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
		    net.ipv6.conf.default.disable_ipv6=1
		ip -n $ns link set lo up
		ip -n $ns link set gpc0 mtu 1500 up
		# Frames must look as on a wire: whole checksums, no segment above the MTU.
		ip netns exec $ns python3 "$MAKE_DIR/offload.py" gpc0
	done
	for a in $1; do ip -n $IN addr add "$a/32" dev gpc0; done
	for a in $2; do ip -n $OUT addr add "$a/32" dev gpc0; done
	ip -n $IN route add default dev gpc0 src "${1%% *}"
	ip -n $OUT route add default dev gpc0 src "${2%% *}"
	trap wire_down EXIT
}

# End what we started, by process id, then the namespaces with whatever is left in them.
wire_down()
{
	local p

	record_stop
	for p in "${PIDS[@]}"; do kill "$p" 2>/dev/null || true; done
	for p in "${PIDS[@]}"; do wait "$p" 2>/dev/null || true; done
	PIDS=()
	ip netns del $IN 2>/dev/null || true
	ip netns del $OUT 2>/dev/null || true
	[ -z "$TMP" ] || rm -rf "$TMP"
	TMP=
	trap - EXIT
}

# record_start FILE
record_start()
{
	mkdir -p "$(dirname "$1")"
	rm -f "$TMP/tcpdump.log"
	# Immediate mode: a kernel block that is not full yet would be lost at the end.
	ip netns exec $IN tcpdump --immediate-mode -B 16384 -i gpc0 -n -s 0 -U -Z root -w "$1" 2>"$TMP/tcpdump.log" &
	TCPDUMP_PID=$!
	for _ in $(seq 100); do
		grep -qs 'listening on' "$TMP/tcpdump.log" && return
		sleep 0.05
	done
	echo "tcpdump did not start" >&2
	return 1
}

record_stop()
{
	[ -n "$TCPDUMP_PID" ] || return 0
	sleep 0.5
	kill -INT "$TCPDUMP_PID" 2>/dev/null || true
	wait "$TCPDUMP_PID" 2>/dev/null || true
	TCPDUMP_PID=
}

# inside ADDRESS COMMAND...: run in the facility, ADDRESS being the default source.
inside()
{
	ip -n $IN route replace default dev gpc0 src "$1"
	timeout 90 ip netns exec $IN "${@:2}"
}

# outside ADDRESS COMMAND...: the same at the other end.
outside()
{
	ip -n $OUT route replace default dev gpc0 src "$1"
	timeout 90 ip netns exec $OUT "${@:2}"
}

# serve inside|outside PORT COMMAND...: start a server and wait for its TCP port (0: none).
serve()
{
	local ns=$IN hex

	[ "$1" = inside ] || ns=$OUT
	ip netns exec $ns "${@:3}" >>"$TMP/serve.log" 2>&1 &
	PIDS+=($!)
	[ "$2" != 0 ] || return 0
	hex=$(printf ':%04X 00000000:0000 0A' "$2")
	for _ in $(seq 100); do
		ip netns exec $ns cat /proc/net/tcp | grep -q "$hex" && return
		sleep 0.05
	done
	echo "no server on port $2:" >&2
	tail -3 "$TMP/serve.log" >&2
	return 1
}

# A command that is expected to fail (a refused login, a closed port) or to be cut short.
try()
{
	"$@" >/dev/null 2>&1 || true
}

pause() { sleep "${1:-0.1}"; }

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# start.sh BUILD: the repository's run.sh: up, up again at once, a taken port told, an interface
# that is not there told, and --stop, after which nothing of it is left. As root, or as a user
# whom sudo asks no password: then the sensor is root's, and stopped through sudo.
set -u
build=$(realpath "${1:?usage: start.sh BUILD}")
run=$(dirname "$(realpath "$0")")/../../../run.sh
data=$(mktemp -d "${TMPDIR:-/tmp}/guan-start-XXXXXX")
failed=0

if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
	echo "skip: capturing needs root, or sudo without a password"
	exit 0
fi

guan() { "$run" --build "$build" --data "$data/$1" --port "$port" "${@:2}" >"$data/log" 2>&1; }
tidy() {
	for d in "$data"/[ab]; do
		[ -d "$d" ] && "$run" --data "$d" --stop >/dev/null 2>&1
	done
	rm -rf "$data"
}
trap tidy EXIT
check() { # name, then a command
	if "${@:2}"; then
		echo "ok   $1"
	else
		failed=$((failed + 1))
		echo "FAIL $1"
		sed 's/^/     /' "$data/log"
	fi
}
says() { grep -q "$1" "$data/log"; }
fails() { ! "$@"; }
left() { pgrep -f -- "$data/" >/dev/null; }
exe_of() { as_root readlink "/proc/$(cat "$data/$1.pid")/exe"; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# A port nobody has.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

check "up" guan a -i lo
check "the pid is the sensor's" [ "$(exe_of a/sensor)" = "$build/sensor/guan-sensor" ]
begin=$SECONDS
check "up again" guan a -i lo
check "up again in seconds" [ $((SECONDS - begin)) -lt 10 ]
check "up again: the sensor stays" says "already capturing"
check "a taken port fails" fails guan b -i lo
check "a taken port is told" says "port $port is taken"
check "stop" guan a --stop
check "stop ends the sensor" says "stopped sensor"
check "stop of the second" guan b --stop
check "nothing is left" fails left
check "stop again" guan a --stop
check "no such interface fails" fails guan a -i guan-none
check "no such interface is told" says "guan-none"
check "stop after that" guan a --stop
check "nothing is left of that" fails left
echo "$failed failed"
[ "$failed" = 0 ]

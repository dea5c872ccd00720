#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts Guan on this machine: builds, a private Redis, the collector with its dashboards, and the
# sensor on the sample captures (or your own: -r, -i). Run again, it is up in seconds.
set -u
from=$PWD # what -r and --data are relative to
cd "$(dirname "$0")" || exit 1
. tools/install.sh

usage() {
	cat <<'TXT'
usage: ./run.sh [options]
  -r FILE|DIR    replay this capture (or folder) instead of the samples; zone by --zone
  -i IFACE       capture from this interface (root)
  --zone ZONE    the zone of -r or -i (default: default)
  --once         replay, confirm one incident as an exercise, print a table, stop, exit
  --stop         stop what an earlier run started
  --port N       the dashboard's port on loopback (default: 8088)
  --data DIR     where all data lives (default: ./var)
  --build DIR    where programs are built (default: ./build)
Exit status: 0 done, 1 failed, 2 usage.
TXT
}

capture= iface= zone=default once= stop= port=8088
data=$PWD/var build=$PWD/build
need_value() { [ $# -ge 2 ] || { echo "run.sh: $1 needs a value" >&2; exit 2; }; }
while [ $# -gt 0 ]; do
	case $1 in
	-r) need_value "$@"; capture=$(cd "$from" && realpath -m "$2"); shift ;;
	-i) need_value "$@"; iface=$2; shift ;;
	--zone) need_value "$@"; zone=$2; shift ;;
	--port) need_value "$@"; port=$2; shift ;;
	--data) need_value "$@"; data=$(cd "$from" && realpath -m "$2"); shift ;;
	--build) need_value "$@"; build=$(cd "$from" && realpath -m "$2"); shift ;;
	--once) once=1 ;;
	--stop) stop=1 ;;
	-h | --help) usage; exit 0 ;;
	*) echo "run.sh: unknown option $1" >&2; usage >&2; exit 2 ;;
	esac
	shift
done
usage_error() { echo "run.sh: $*" >&2; exit 2; }
[ -z "$capture" ] || [ -z "$iface" ] || usage_error "-r and -i exclude each other"
[[ $port =~ ^[0-9]{1,5}$ ]] && [ "$port" -ge 1 ] && [ "$port" -le 65535 ] ||
	usage_error "--port: expected 1 to 65535"
if [ -n "$capture" ] && [ ! -e "$capture" ]; then
	echo "run.sh: $capture: no such file or folder" >&2
	exit 1
fi

sensor=$build/sensor/guan-sensor collector=$build/collector/guan-collector
redis_socket=$data/redis.sock

started=() # what this run has started, and takes along when it fails
say() { printf '%s\n' "$*"; }
fail() {
	local i
	printf 'run.sh: %s\n' "$*" >&2
	for ((i = ${#started[@]}; i > 0; i -= 2)); do
		stop_one "${started[i - 2]}" "${started[i - 1]}" >&2
	done
	exit 1
}

# What has been added to a log since it had that many bytes.
log_size() { stat -c %s "$1" 2>/dev/null || echo 0; }
log_since() { tail -c "+$(($2 + 1))" "$1"; }

# Whether the process of a pid file lives and is what we started. By /proc, as another user's
# process (the sensor is root's supervisor) takes no signal from us, not even 0.
alive() {
	local pid
	pid=$(cat "$data/$1.pid" 2>/dev/null) && [ -n "$pid" ] &&
		grep -qa "$2" "/proc/$pid/cmdline" 2>/dev/null
}

stop_one() {
	local pid
	alive "$1" "$2" || return 0
	pid=$(cat "$data/$1.pid")
	kill "$pid" 2>/dev/null || as_root kill "$pid"
	for _ in $(seq 100); do
		alive "$1" "$2" || { say "stopped $1"; rm -f "$data/$1.pid"; return 0; }
		sleep 0.1
	done
	say "$1 (pid $pid) does not stop; left alone"
	return 1
}

stop_all() {
	local status=0
	stop_one sensor guan-sensor || status=1
	stop_one collector guan-collector || status=1
	stop_one redis redis-server || status=1
	return $status
}

if [ -n "$stop" ]; then
	stop_all
	exit
fi

say "1/5 packages"
collect_build
collect_run
install_missing || fail "packages could not be installed"

say "2/5 programs and pages (the first build takes some minutes)"
mkdir -p "$build" "$data" || fail "$data cannot be made"
build_programs "$build" || fail "the programs could not be built"
build_dashboards "$build/dashboards" || fail "the pages could not be built"

start_redis() {
	alive redis redis-server && redis-cli -s "$redis_socket" ping >/dev/null 2>&1 && return 0
	[ ${#redis_socket} -lt 108 ] || fail "$data: too long a path for a socket in it; choose a shorter --data"
	mkdir -p "$data/redis"
	cat >"$data/redis.conf" <<-CONF
		port 0
		unixsocket "$redis_socket"
		unixsocketperm 700
		dir "$data/redis"
		appendonly yes
		appendfsync everysec
		save ""
		daemonize no
		logfile "$data/redis/redis.log"
		maxmemory-policy noeviction
	CONF
	setsid redis-server "$data/redis.conf" >/dev/null 2>&1 </dev/null &
	echo $! >"$data/redis.pid"
	started+=(redis redis-server)
	for _ in $(seq 300); do
		redis-cli -s "$redis_socket" ping 2>/dev/null | grep -q PONG && return 0
		alive redis redis-server || break
		sleep 0.1
	done
	fail "Redis did not start; see $data/redis/redis.log"
}

api=http://127.0.0.1:$port
start_collector() {
	if alive collector guan-collector; then
		curl -fsS "$api/api/v1/health" >/dev/null 2>&1 && return 0
		fail "the collector runs already, but not on port $port (see --port, --stop)"
	fi
	if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
		fail "port $port is taken by another program; choose one with --port"
	fi
	if [ ! -e "$data/collector/registry-imported" ]; then
		"$collector" --data "$data/collector" --rules rules --import rules/registry/sample.yaml \
			>"$data/import.log" 2>&1 || { cat "$data/import.log"; fail "the sample registry was refused"; }
		: >"$data/collector/registry-imported"
	fi
	local before
	before=$(log_size "$data/collector.log")
	setsid "$collector" --data "$data/collector" --rules rules --redis "unix:$redis_socket" \
		--listen "127.0.0.1:$port" --dashboards "$build/dashboards" \
		>>"$data/collector.log" 2>&1 </dev/null &
	echo $! >"$data/collector.pid"
	started+=(collector guan-collector)
	for _ in $(seq 300); do
		curl -fsS "$api/api/v1/health" >/dev/null 2>&1 && return 0
		alive collector guan-collector || break
		sleep 0.1
	done
	log_since "$data/collector.log" "$before" | tail -n 5 >&2
	fail "the collector did not start; see $data/collector.log"
}

say "3/5 Redis and collector"
start_redis
start_collector

# One capture (file or folder) into one zone, once per data folder; what is broken in it is told and
# the rest read. The folder and the sensor's name are not those of -i, which may run meanwhile.
replay() {
	local path=$1 zone=$2 mark=$data/replayed/$3 before
	if [ -e "$mark" ]; then
		say "    $path: replayed before"
		return 0
	fi
	mkdir -p "$data/replayed" "$data/replay"
	say "    $path into zone $zone"
	before=$(log_size "$data/replay.log")
	if ! "$sensor" -r "$path" -c rules/guan-sensor.yaml -l "$data/replay" --sensor-id replay-1 \
		--zone "$zone" --time now --redis "unix:$redis_socket" --drain >>"$data/replay.log" 2>&1; then
		log_since "$data/replay.log" "$before" | tail -n 5 >&2
		log_since "$data/replay.log" "$before" | grep -q ' records written' || return 1
		say "    not all of $path could be read; what could be is in"
	fi
	: >"$mark"
}

# The pid is written by what becomes the sensor: $! would be sudo's, which outlives its signals.
start_sensor() {
	local ready=$data/sensor/guan-command.socket before # made once capture is open
	before=$(log_size "$data/sensor.log")
	mkdir -p "$data/sensor"
	rm -f "$ready" "$data/sensor.pid"
	as_root true || fail "capturing needs root" # asks for a password while it still can
	# shellcheck disable=SC2016 # for the inner shell
	as_root setsid sh -c 'echo $$ >"$0"; exec "$@"' "$data/sensor.pid" \
		"$sensor" -i "$iface" -c rules/guan-sensor.yaml -l "$data/sensor" \
		--zone "$zone" --redis "unix:$redis_socket" --set run-as.user="$(id -un)" \
		>>"$data/sensor.log" 2>&1 </dev/null &
	for _ in $(seq 300); do
		[ -S "$ready" ] && break
		[ ! -s "$data/sensor.pid" ] || alive sensor guan-sensor || break
		sleep 0.1
	done
	[ -S "$ready" ] && alive sensor guan-sensor ||
		{ log_since "$data/sensor.log" "$before" | tail -n 5 >&2; fail "capture on $iface did not start"; }
	say "    capturing on $iface, zone $zone"
}

say "4/5 sensor"
if [ -n "$iface" ]; then
	if alive sensor guan-sensor; then
		tr '\0' ' ' <"/proc/$(cat "$data/sensor.pid")/cmdline" | grep -qF -- "-i $iface " &&
			tr '\0' ' ' <"/proc/$(cat "$data/sensor.pid")/cmdline" | grep -qF -- "--zone $zone " ||
			fail "a sensor captures already, on another interface or for another zone; ./run.sh --stop ends it"
		say "    a sensor is already capturing on $iface"
	else
		start_sensor
	fi
elif [ -n "$capture" ]; then
	replay "$capture" "$zone" "own-$(stat -c "%n %s %Y $zone" "$capture" | sha256sum | cut -c1-16)" ||
		fail "the replay failed; see $data/replay.log"
else
	for folder in pcaps/*/; do
		name=$(basename "$folder")
		ls "$folder"*.pcap >/dev/null 2>&1 || continue
		replay "$folder" "$name" "sample-$name" || fail "the replay failed; see $data/replay.log"
	done
fi

# The collector has everything once Redis holds no unread entry any more.
wait_ingest() {
	for _ in $(seq 600); do
		left=0
		for stream in $(redis-cli -s "$redis_socket" --raw keys 'guan:events:*'); do
			n=$(redis-cli -s "$redis_socket" --raw xlen "$stream")
			[[ $n =~ ^[0-9]+$ ]] || fail "$stream in Redis is no stream: $n"
			left=$((left + n))
		done
		[ "$left" = 0 ] && return 0
		sleep 0.1
	done
	return 1
}

if [ -n "$once" ]; then
	say "5/5 one exercise, and what there is"
	wait_ingest || fail "the collector did not take all records within a minute"
	[ -e "$data/collector/first-password" ] ||
		fail "the exercise logs in with the first password, and it has been changed; choose another --data"
	python3 tools/exercise.py "$api" "$data/collector/first-password" ||
		{ stop_all; fail "the exercise failed"; }
	"$collector" --data "$data/collector" --rules rules --summary
	status=$?
	stop_all >/dev/null
	exit $status
fi

say "5/5 up"
say
say "    dashboard  $api/"
if [ -e "$data/collector/first-password" ]; then
	say "    user admin, first password: $(cat "$data/collector/first-password")"
fi
say "    logs and data in $data; stop with ./run.sh --stop"

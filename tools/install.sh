# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by run.sh and test.sh: installs what is missing on Debian 12, and nothing else.
# A package is asked for by what it brings (a command, a pkg-config module, a file), so that
# another source of the same thing serves as well.

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing=()
want_command() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
want_module() { pkg-config --exists "$1" 2>/dev/null || missing+=("$2"); }
want_file() { [ -e "$1" ] || missing+=("$2"); }

collect_build() {
	want_command cc gcc
	want_command pkg-config pkg-config
	want_command meson meson
	want_command ninja ninja-build
	want_command python3 python3
	want_module libpcap libpcap-dev
	want_module libndpi libndpi-dev
	want_module libhs libvectorscan-dev
	want_module libpcre2-8 libpcre2-dev
	want_module libevent libevent-dev
	want_module hiredis libhiredis-dev
	want_module libmaxminddb libmaxminddb-dev
	want_module sqlite3 libsqlite3-dev
	want_module jansson libjansson-dev
	want_module yaml-0.1 libyaml-dev
	want_module libxxhash libxxhash-dev
	want_module zlib zlib1g-dev
	want_module libbrotlidec libbrotli-dev
	want_module liblzma liblzma-dev
	want_module libmagic libmagic-dev
	want_module libsodium libsodium-dev
	want_module libcrypto libssl-dev
	want_module libcap-ng libcap-ng-dev
	want_module libseccomp libseccomp-dev
}

collect_run() {
	want_command redis-server redis-server
	want_command redis-cli redis-tools
	want_command curl curl
	want_command node nodejs
	want_command npm npm
}

collect_test() {
	want_command clang clang
	want_command clang-format-14 clang-format-14
	want_command jq jq
	want_command ip iproute2
	want_command chromium chromium
	want_command zstd zstd
	want_command tcpreplay tcpreplay
	want_command nginx nginx-light
	want_module cmocka libcmocka-dev
	/usr/bin/python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
	/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || missing+=(python3-jsonschema)
	find /usr/lib/llvm-14/lib/clang -name 'libclang_rt.fuzzer*' 2>/dev/null | grep -q . ||
		missing+=(libclang-rt-14-dev)
	fc-list 2>/dev/null | grep -qi 'noto.*cjk' || missing+=(fonts-noto-cjk)
}

install_missing() {
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null 2>&1; then
		echo "missing here, and this is no Debian to install it on: ${missing[*]}" >&2
		return 1
	fi
	echo "installing: ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
			--no-install-recommends "${missing[@]}" >/dev/null || return 1
	# A redis-server that the package started is not ours and not needed.
	case " ${missing[*]} " in
	*" redis-server "*) as_root systemctl disable --now redis-server >/dev/null 2>&1 || true ;;
	esac
	missing=()
}

# Builds both programs into $1 (release unless $2 says otherwise).
build_programs() {
	local dir=$1 type=${2:-release}
	mkdir -p "$dir"
	[ -e "$dir/build.ninja" ] ||
		meson setup "$dir" --buildtype="$type" -Dtests=false >"$dir/setup.log" 2>&1 ||
		{ tail -n 30 "$dir/setup.log"; return 1; }
	ninja -C "$dir" sensor/guan-sensor collector/guan-collector >"$dir/build.log" 2>&1 ||
		{ tail -n 40 "$dir/build.log"; return 1; }
}

# Builds the web pages into $1 when their sources have changed since.
build_dashboards() {
	local out=$1 stamp
	stamp=$(find dashboards collector/api/openapi.yaml -path '*/node_modules' -prune -o -path '*/dist' -prune -o -name schema.d.ts -prune -o \
		-type f -print0 | sort -z | xargs -0 cat | sha256sum)
	[ -e "$out/index.html" ] && [ "$(cat "$out.stamp" 2>/dev/null)" = "$stamp" ] && return 0
	(
		cd dashboards || exit 1
		[ -d node_modules ] && [ node_modules -nt package-lock.json ] ||
			npm ci --no-audit --no-fund --loglevel=error || exit 1
		npm run --silent build -- --outDir "$out" --emptyOutDir
	) >"$out.log" 2>&1 || { tail -n 30 "$out.log"; return 1; }
	echo "$stamp" >"$out.stamp"
}

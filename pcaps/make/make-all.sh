#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Records every sample capture anew. Needs root, and: iproute2 tcpdump python3 nginx curl
# nmap sqlmap hydra openssh-server openssl. A few minutes; nothing leaves the namespaces.
set -euo pipefail
cd "$(dirname "$0")"
for zone in ${*:-net-portal net-online priv-toll priv-port priv-lock}; do
	echo "$zone"
	./"$zone".sh
done
du -ch ../*/*.pcap | tail -1

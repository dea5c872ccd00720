# SPDX-License-Identifier: Apache-2.0
#
# A web site in the facility: nginx (HTTP and HTTPS, gzip) before portal.py. Sourced.

# web_site ADDRESS SERVER-NAME TITLE
web_site()
{
	local root=$TMP/site

	mkdir -p "$root/www/css" "$root/www/img" "$root/data/files" "$root/data/uploads" \
	    "$root/log" "$root/data/etc"
	{
		echo "<!DOCTYPE html><html lang=zh><head><meta charset=utf-8><title>$3</title>"
		echo "<link rel=stylesheet href=/css/site.css></head><body><h1>$3</h1><ul>"
		for i in $(seq 60); do
			echo "<li><a href=/news?id=$i>第${i}号通告：公路水路运行信息发布</a></li>"
		done
		echo "</ul><img src=/img/logo.png><script src=/js/site.js></script></body></html>"
	} >"$root/www/index.html"
	echo "User-agent: *" >"$root/www/robots.txt"
	seq -f 'h1 { margin: %gpx }' 80 >"$root/www/css/site.css"
	head -c 3000 /dev/urandom >"$root/www/img/logo.png"
	echo "通航公告" >"$root/data/files/notice.txt"
	printf 'root:x:0:0:root:/root:/bin/bash\nportal:x:1000:1000::/srv:/bin/sh\n' \
	    >"$root/data/etc/passwd"
	openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj "/O=Jianghai/CN=$2" \
	    -addext "subjectAltName=DNS:$2" -keyout "$root/key.pem" -out "$root/cert.pem" \
	    2>/dev/null
	cat >"$root/nginx.conf" <<-CONF
	user root;
	worker_processes 1;
	daemon off;
	pid $root/nginx.pid;
	error_log $root/log/error.log;
	events { worker_connections 512; }
	http {
		types { text/html html; text/css css; image/png png; text/plain txt; }
		default_type application/octet-stream;
		charset utf-8;
		access_log off;
		gzip on;
		gzip_min_length 200;
		gzip_types text/css application/json;
		client_body_temp_path $root/body;
		proxy_temp_path $root/proxy;
		large_client_header_buffers 4 16k;
		# What a scanner asks in plain text is proxied too: nginx must not hide it.
		ignore_invalid_headers off;
		server {
			listen $1:80 default_server;
			listen $1:443 ssl;
			server_name $2;
			ssl_certificate $root/cert.pem;
			ssl_certificate_key $root/key.pem;
			ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
			ssl_ciphers DEFAULT@SECLEVEL=0;
			root $root/www;
			location /list/ { autoindex on; }
			location /uploads/ { alias $root/data/uploads/; }
			location / { try_files \$uri \$uri/index.html @app; }
			location @app {
				proxy_pass http://127.0.0.1:8080;
				proxy_set_header Host \$host;
			}
			location /console/ {
				auth_basic "console";
				auth_basic_user_file $root/htpasswd;
				try_files \$uri /index.html;
			}
			error_page 405 =200 @app;
		}
	}
	CONF
	printf 'keeper:%s\n' "$(openssl passwd -apr1 Jh-2026-lock)" >"$root/htpasswd"
	serve inside 8080 python3 "$MAKE_DIR/portal.py" 8080 "$root/data"
	serve inside 80 nginx -c "$root/nginx.conf" -p "$root"
}

# A reader's browser: page, style, picture, one article, one search.
BROWSER='Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36'

# visit FROM URL-BASE HOST
visit()
{
	local p

	for p in / /css/site.css /img/logo.png /news?id=2 '/search?q=%E9%80%9A%E8%88%AA%E5%85%AC%E5%91%8A'; do
		outside "$1" curl -s -k -o /dev/null --compressed -A "$BROWSER" \
		    -e "http://$3/" --resolve "$3:80:$2" --resolve "$3:443:$2" "${4:-http}://$3$p"
	done
}

# web_get FROM URL [curl options]: a request as an attacker's script sends it.
web_get()
{
	outside "$1" curl -s -k -o /dev/null -m 10 -g --path-as-is -A "$BROWSER" "${@:3}" "$2" || true
}

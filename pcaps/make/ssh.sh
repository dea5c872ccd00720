# SPDX-License-Identifier: Apache-2.0
#
# An OpenSSH server in the facility, with host keys made for the recording. Sourced.

# ssh_server ADDRESS
ssh_server()
{
	local d=$TMP/ssh

	mkdir -p "$d" /run/sshd
	ssh-keygen -q -t ed25519 -N '' -C station -f "$d/host"
	ssh-keygen -q -t ed25519 -N '' -C keeper -f "$d/key"
	cp "$d/key.pub" "$d/authorized"
	chmod 600 "$d/authorized"
	cat >"$d/sshd.conf" <<-CONF
	ListenAddress $1
	HostKey $d/host
	PidFile none
	AuthorizedKeysFile $d/authorized
	StrictModes no
	UsePAM no
	PermitRootLogin prohibit-password
	PasswordAuthentication yes
	MaxAuthTries 3
	MaxStartups 50
	LoginGraceTime 10
	CONF
	serve inside 22 /usr/sbin/sshd -D -e -f "$d/sshd.conf"
}

# ssh_login FROM ADDRESS COMMAND: with the right key
ssh_login()
{
	outside "$1" ssh -q -F none -i "$TMP/ssh/key" -o StrictHostKeyChecking=no \
	    -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes "root@$2" "$3" >/dev/null
}

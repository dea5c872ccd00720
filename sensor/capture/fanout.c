/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from live.c, as the kernel's filter macros and libpcap's have the same names. */
#include "sensor/capture/fanout.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

static int
fanout_set(int fd, uint16_t group, int flags)
{
	int value = group | (PACKET_FANOUT_CBPF | flags) << 16;

	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, sizeof(value)) < 0 ? -errno
										    : 0;
}

/*
 * The program: A = source address xor destination address, of the IPv4 or IPv6 header at
 * SKF_NET_OFF; anything else goes to worker 0.
 */
static int
program_set(int fd)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)SKF_NET_OFF),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 12),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 16),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JA, 7, 0, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 6, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		/* IPv6: the last words of both addresses differ enough. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 20),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_NET_OFF + 36),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0),
		/* Mix: the low bits of addresses are the busy ones, the modulus takes those. */
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) < 0
		   ? -errno
		   : 0;
}

int
fanout_open(int fd, uint16_t *ret_group)
{
	int value;
	socklen_t len = sizeof(value);
	int r = fanout_set(fd, 0, PACKET_FANOUT_FLAG_UNIQUEID);

	if (r == 0)
		r = program_set(fd);
	if (r < 0)
		return r;
	if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, &len) < 0)
		return -errno;
	*ret_group = (uint16_t)value;
	return 0;
}

int
fanout_join(int fd, uint16_t group)
{
	return fanout_set(fd, group, 0);
}

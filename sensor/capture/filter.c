/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/capture/filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>

static int
refuse(pcap_t *pcap, const char *expression, char **ret_error)
{
	if (asprintf(ret_error, "BPF expression \"%s\": %s", expression, pcap_geterr(pcap)) < 0)
		*ret_error = NULL;
	return -EINVAL;
}

int
filter_set(struct pcap *pcap, const char *expression, char **ret_error)
{
	struct bpf_program program;

	if (pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) < 0)
		return refuse(pcap, expression, ret_error);
	int r = pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return r < 0 ? refuse(pcap, expression, ret_error) : 0;
}

int
filter_check(const char *expression, char **ret_error)
{
	pcap_t *none = pcap_open_dead(DLT_EN10MB, 65535);
	struct bpf_program program;

	*ret_error = NULL;
	if (!none)
		return -ENOMEM;
	int r = pcap_compile(none, &program, expression, 1, PCAP_NETMASK_UNKNOWN);
	if (r < 0)
		r = refuse(none, expression, ret_error);
	else
		pcap_freecode(&program);
	pcap_close(none);
	return r;
}

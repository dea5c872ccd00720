/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read_loop: what reading a capture costs when nothing is done with it.
 *
 *     read_loop FILE
 *
 * The yardstick of tests/bench/run.sh: the CPU time of this loop divided by that of the sensor
 * travels between machines better than seconds do. Prints packets and bytes.
 */
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *data;
	uint64_t packets = 0, bytes = 0;
	int r;

	if (argc != 2) {
		fprintf(stderr, "usage: read_loop FILE\n");
		return 2;
	}
	pcap_t *pcap = pcap_open_offline(argv[1], error);
	if (!pcap) {
		fprintf(stderr, "%s: %s\n", argv[1], error);
		return 1;
	}
	while ((r = pcap_next_ex(pcap, &header, &data)) == 1) {
		packets++;
		bytes += header->caplen;
	}
	if (r == PCAP_ERROR) {
		fprintf(stderr, "%s: %s\n", argv[1], pcap_geterr(pcap));
		pcap_close(pcap);
		return 1;
	}
	pcap_close(pcap);
	printf("%llu %llu\n", (unsigned long long)packets, (unsigned long long)bytes);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* filter: the BPF expression behind the options. What is wrong with it is told by the
 * expression, not by the file or interface that it was to be used on. */
#ifndef GUAN_SENSOR_CAPTURE_FILTER_H
#define GUAN_SENSOR_CAPTURE_FILTER_H

struct pcap;

/* Sets it on an open handle. 0, or -EINVAL with *ret_error (to be freed). */
int filter_set(struct pcap *pcap, const char *expression, char **ret_error);

/* Whether it compiles for Ethernet, without a capture. As filter_set(). */
int filter_check(const char *expression, char **ret_error);

#endif

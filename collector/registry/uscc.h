/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_REGISTRY_USCC_H
#define GUAN_COLLECTOR_REGISTRY_USCC_H

/*
 * uscc: the unified social credit code of an organisation, GB 32100-2015: 18 characters.
 *
 *   1  registration authority    3-8   division (GB/T 2260)
 *   2  kind of organisation      9-17  organisation code (GB 11714), its own check at 17
 *   18 check over the first 17, modulo 31
 */

enum uscc_fault {
	USCC_GOOD,
	USCC_LENGTH,      /* not 18 characters */
	USCC_CHARACTER,   /* one that the alphabet lacks (I, O, S, V, Z, lower case, ...) */
	USCC_DIVISION,    /* characters 3 to 8 are not digits */
	USCC_INNER_CHECK, /* character 17 is wrong */
	USCC_CHECK,       /* character 18 is wrong */
};

enum uscc_fault uscc_check(const char *code);

/* A sentence about the code, for messages. */
const char *uscc_fault_text(enum uscc_fault fault);

#endif

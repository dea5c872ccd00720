/* SPDX-License-Identifier: Apache-2.0 */
/* rule_load: reads rule files and prints what was refused; how large rule sets are tried. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "sensor/rule/keyword.h"
#include "sensor/rule/ruleset.h"

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: rule_load FILE... [-v]\n");
		return 2;
	}
	bool is_verbose = argv[argc - 1][0] == '-';
	struct ruleset_options options = { .files = (const char *const *)argv + 1,
		.file_count = (size_t)argc - 1 - is_verbose };
	char *error;
	nsec_t start = clock_mono_ns();
	struct ruleset *set = ruleset_load(&options, &error);
	if (!set) {
		fprintf(stderr, "%s\n", error);
		free(error);
		return 1;
	}
	ruleset_report(set, is_verbose);
	printf("%u loaded in %.2f s, %zu KiB\n", set->count,
	    (double)(clock_mono_ns() - start) / 1e9, arena_used(set->arena) / 1024);
	ruleset_free(set);
	return 0;
}

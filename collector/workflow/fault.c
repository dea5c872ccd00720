/* SPDX-License-Identifier: Apache-2.0 */
#include "collector/workflow/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
fault_field(struct fault *fault, const char *field, const char *format, ...)
{
	va_list args;

	fault->kind = FAULT_FIELD;
	if (!fault->code)
		fault->code = "bad_field";
	if (fault->n_fields < FAULT_FIELDS) {
		va_start(args, format);
		snprintf(fault->fields[fault->n_fields].field, sizeof(fault->fields[0].field),
		    "%s", field);
		vsnprintf(fault->fields[fault->n_fields].message,
		    sizeof(fault->fields[0].message), format, args);
		va_end(args);
		fault->n_fields++;
	}
	if (fault->n_fields == 1)
		snprintf(fault->detail, sizeof(fault->detail), "%.60s: %.180s",
		    fault->fields[0].field, fault->fields[0].message);
	else
		snprintf(fault->detail, sizeof(fault->detail), "%zu fields are wrong",
		    fault->n_fields);
	return -EINVAL;
}

int
fault_state(struct fault *fault, const char *code, const char *format, ...)
{
	va_list args;

	fault->kind = FAULT_STATE;
	fault->code = code;
	va_start(args, format);
	vsnprintf(fault->detail, sizeof(fault->detail), format, args);
	va_end(args);
	return -EPROTO;
}

int
fault_missing(struct fault *fault, const char *what)
{
	fault->kind = FAULT_MISSING;
	fault->code = "not_found";
	snprintf(fault->detail, sizeof(fault->detail), "there is no such %s", what);
	return -ENOENT;
}

int
fault_store(struct fault *fault, int r)
{
	fault->kind = FAULT_STORE;
	fault->code = "store";
	snprintf(fault->detail, sizeof(fault->detail), "the store failed: %s", strerror(-r));
	return r;
}

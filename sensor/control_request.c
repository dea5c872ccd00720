/* SPDX-License-Identifier: Apache-2.0 */
/* Apart from control.c, as jansson's names and those of common/json.h do not mix in one file.
 */
#include "sensor/control_request.h"

#include <jansson.h>
#include <string.h>

enum control_request
control_request_read(const char *line, size_t len, char command[CONTROL_COMMAND_MAX])
{
	json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *text = json_string_value(json_object_get(root, "command"));
	enum control_request kind = CONTROL_NONSENSE;

	if (text && strlen(text) < CONTROL_COMMAND_MAX) {
		strcpy(command, text);
		kind = CONTROL_COMMAND;
	} else if (!text && json_object_get(root, "version")) {
		kind = CONTROL_HELLO;
	}
	json_decref(root);
	return kind;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_USER_COMMAND_H
#define GUAN_COLLECTOR_USER_COMMAND_H

/*
 * user_command: accounts from the command line. Whoever may write the store's file is trusted;
 * each change goes into the audit trail under the name of who made it.
 *
 * Each returns what the program exits with: 0, 1 (said in the log why) or 2 (wrong words).
 */

#include "collector/store/db.h"

struct user_command {
	const char *name;
	const char *role;      /* NULL: not given */
	const char *full_name; /* NULL: as the name */
	const char *who;       /* who asks for it, for the audit trail */
	bool
	    reads_password; /* the first line of standard input; else one is made and printed */
};

int user_add(struct db *db, const struct user_command *command);
int user_set_role(struct db *db, const struct user_command *command);
int user_remove(struct db *db, const struct user_command *command);
int user_reset_password(struct db *db, const struct user_command *command);

#endif

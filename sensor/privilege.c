/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

static const struct passwd *
find(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw)
		log_error("run-as.user: no user is called %s", user);
	return pw;
}

static int
hand_over(const char *dir, const struct passwd *pw)
{
	if (mkdir(dir, 0755) < 0 && errno != EEXIST) {
		log_error("%s: %s", dir, strerror(errno));
		return -1;
	}
	if (chown(dir, pw->pw_uid, pw->pw_gid) < 0) {
		log_error("%s: cannot be handed to %s: %s", dir, pw->pw_name, strerror(errno));
		return -1;
	}
	return 0;
}

int
privilege_prepare(const char *user, const char *dir, const char *dir2)
{
	if (geteuid() != 0 || !user)
		return 0;
	const struct passwd *pw = find(user);
	if (!pw || hand_over(dir, pw) < 0)
		return -1;
	return dir2 ? hand_over(dir2, pw) : 0;
}

int
privilege_drop(const char *user)
{
	int death_signal = 0;

	/* The kernel forgets the supervisor's wish with each change of user or powers. */
	prctl(PR_GET_PDEATHSIG, &death_signal);
	if (geteuid() == 0 && user) {
		const struct passwd *pw = find(user);
		if (!pw)
			return -1;
		if (setgroups(0, NULL) < 0 || setgid(pw->pw_gid) < 0 ||
		    setuid(pw->pw_uid) < 0) {
			log_error("cannot become %s: %s", user, strerror(errno));
			return -1;
		}
	}
	/* As root without capabilities only what root's files allow is left. */
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0) {
		log_error("capabilities cannot be given up: %s", strerror(errno));
		return -1;
	}
	if (death_signal)
		prctl(PR_SET_PDEATHSIG, death_signal);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_error("no_new_privs: %s", strerror(errno));
		return -1;
	}
	return 0;
}

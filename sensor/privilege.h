/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privilege: root's powers are needed for opening an interface, and for nothing after that.
 */
#ifndef GUAN_SENSOR_PRIVILEGE_H
#define GUAN_SENSOR_PRIVILEGE_H

/* Makes the folders that will be written to and hands them to the user. Only as root; else does
 * nothing. 0, or -1 with the reason told. dir2 may be NULL. */
int privilege_prepare(const char *user, const char *dir, const char *dir2);

/* Becomes the user (NULL: stays) and gives up every capability, for good. */
int privilege_drop(const char *user);

#endif

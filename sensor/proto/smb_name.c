/* SPDX-License-Identifier: Apache-2.0 */
/* smb_name: commands, dialects and control functions by name. */
#include <stdio.h>

#include "sensor/proto/smb.h"

const char *
smb1_command_name(uint16_t command)
{
	static const char *const names[256] = {
		[0x00] = "SMB1_COMMAND_CREATE_DIRECTORY",
		[0x01] = "SMB1_COMMAND_DELETE_DIRECTORY",
		[0x02] = "SMB1_COMMAND_OPEN",
		[0x03] = "SMB1_COMMAND_CREATE",
		[0x04] = "SMB1_COMMAND_CLOSE",
		[0x05] = "SMB1_COMMAND_FLUSH",
		[0x06] = "SMB1_COMMAND_DELETE",
		[0x07] = "SMB1_COMMAND_RENAME",
		[0x08] = "SMB1_COMMAND_QUERY_INFORMATION",
		[0x09] = "SMB1_COMMAND_SET_INFORMATION",
		[0x0a] = "SMB1_COMMAND_READ",
		[0x0b] = "SMB1_COMMAND_WRITE",
		[0x0c] = "SMB1_COMMAND_LOCK_BYTE_RANGE",
		[0x0d] = "SMB1_COMMAND_UNLOCK_BYTE_RANGE",
		[0x0e] = "SMB1_COMMAND_CREATE_TEMPORARY",
		[0x0f] = "SMB1_COMMAND_CREATE_NEW",
		[0x10] = "SMB1_COMMAND_CHECK_DIRECTORY",
		[0x11] = "SMB1_COMMAND_PROCESS_EXIT",
		[0x12] = "SMB1_COMMAND_SEEK",
		[0x13] = "SMB1_COMMAND_LOCK_AND_READ",
		[0x14] = "SMB1_COMMAND_WRITE_AND_UNLOCK",
		[0x24] = "SMB1_COMMAND_LOCKING_ANDX",
		[0x25] = "SMB1_COMMAND_TRANS",
		[0x2b] = "SMB1_COMMAND_ECHO",
		[0x2c] = "SMB1_COMMAND_WRITE_AND_CLOSE",
		[0x2d] = "SMB1_COMMAND_OPEN_ANDX",
		[0x2e] = "SMB1_COMMAND_READ_ANDX",
		[0x2f] = "SMB1_COMMAND_WRITE_ANDX",
		[0x32] = "SMB1_COMMAND_TRANS2",
		[0x33] = "SMB1_COMMAND_TRANS2_SECONDARY",
		[0x34] = "SMB1_COMMAND_FIND_CLOSE2",
		[0x71] = "SMB1_COMMAND_TREE_DISCONNECT",
		[0x72] = "SMB1_COMMAND_NEGOTIATE_PROTOCOL",
		[0x73] = "SMB1_COMMAND_SESSION_SETUP_ANDX",
		[0x74] = "SMB1_COMMAND_LOGOFF_ANDX",
		[0x75] = "SMB1_COMMAND_TREE_CONNECT_ANDX",
		[0x80] = "SMB1_COMMAND_QUERY_INFO_DISK",
		[0xa0] = "SMB1_COMMAND_NT_TRANS",
		[0xa1] = "SMB1_COMMAND_NT_TRANS_SECONDARY",
		[0xa2] = "SMB1_COMMAND_NT_CREATE_ANDX",
		[0xa4] = "SMB1_COMMAND_NT_CANCEL",
	};
	return command < 256 ? names[command] : NULL;
}

const char *
smb2_command_name(uint16_t command)
{
	static const char *const names[] = {
		[SMB2_NEGOTIATE] = "SMB2_COMMAND_NEGOTIATE_PROTOCOL",
		[SMB2_SESSION_SETUP] = "SMB2_COMMAND_SESSION_SETUP",
		[SMB2_LOGOFF] = "SMB2_COMMAND_SESSION_LOGOFF",
		[SMB2_TREE_CONNECT] = "SMB2_COMMAND_TREE_CONNECT",
		[SMB2_TREE_DISCONNECT] = "SMB2_COMMAND_TREE_DISCONNECT",
		[SMB2_CREATE] = "SMB2_COMMAND_CREATE",
		[SMB2_CLOSE] = "SMB2_COMMAND_CLOSE",
		[SMB2_FLUSH] = "SMB2_COMMAND_FLUSH",
		[SMB2_READ] = "SMB2_COMMAND_READ",
		[SMB2_WRITE] = "SMB2_COMMAND_WRITE",
		[SMB2_LOCK] = "SMB2_COMMAND_LOCK",
		[SMB2_IOCTL] = "SMB2_COMMAND_IOCTL",
		[SMB2_CANCEL] = "SMB2_COMMAND_CANCEL",
		[SMB2_ECHO] = "SMB2_COMMAND_KEEPALIVE",
		[SMB2_QUERY_DIRECTORY] = "SMB2_COMMAND_FIND",
		[SMB2_CHANGE_NOTIFY] = "SMB2_COMMAND_CHANGE_NOTIFY",
		[SMB2_QUERY_INFO] = "SMB2_COMMAND_GET_INFO",
		[SMB2_SET_INFO] = "SMB2_COMMAND_SET_INFO",
		[SMB2_OPLOCK_BREAK] = "SMB2_COMMAND_OPLOCK_BREAK",
	};
	return command < sizeof(names) / sizeof(names[0]) ? names[command] : NULL;
}

const char *
smb2_dialect_name(uint16_t dialect, char number[8])
{
	switch (dialect) {
	case 0x0202:
		return "2.02";
	case 0x0210:
		return "2.10";
	case 0x0222:
		return "2.22";
	case 0x0224:
		return "2.24";
	case 0x02ff:
		return "2.??";
	case 0x0300:
		return "3.00";
	case 0x0302:
		return "3.02";
	case 0x0310:
		return "3.10";
	case 0x0311:
		return "3.11";
	default:
		snprintf(number, 8, "%u", dialect);
		return number;
	}
}

/* MS-FSCC section 2.3, MS-SMB2 section 2.2.31, [MS-DFSC] */
const char *
smb_control_name(uint32_t function)
{
	static const struct field_name names[] = {
		{ "FSCTL_DFS_GET_REFERRALS", 0x00060194 },
		{ "FSCTL_DFS_GET_REFERRALS_EX", 0x000601b0 },
		{ "FSCTL_SET_REPARSE_POINT", 0x000900a4 },
		{ "FSCTL_GET_REPARSE_POINT", 0x000900a8 },
		{ "FSCTL_CREATE_OR_GET_OBJECT_ID", 0x000900c0 },
		{ "FSCTL_SET_SPARSE", 0x000900c4 },
		{ "FSCTL_SET_ZERO_DATA", 0x000980c8 },
		{ "FSCTL_QUERY_ALLOCATED_RANGES", 0x000940cf },
		{ "FSCTL_FILE_LEVEL_TRIM", 0x00098208 },
		{ "FSCTL_PIPE_PEEK", 0x0011400c },
		{ "FSCTL_PIPE_WAIT", 0x00110018 },
		{ "FSCTL_PIPE_TRANSCEIVE", 0x0011c017 },
		{ "FSCTL_SRV_REQUEST_RESUME_KEY", 0x00140078 },
		{ "FSCTL_SRV_ENUMERATE_SNAPSHOTS", 0x00144064 },
		{ "FSCTL_SRV_READ_HASH", 0x001441bb },
		{ "FSCTL_LMR_REQUEST_RESILIENCY", 0x001401d4 },
		{ "FSCTL_QUERY_NETWORK_INTERFACE_INFO", 0x001401fc },
		{ "FSCTL_VALIDATE_NEGOTIATE_INFO", 0x00140204 },
		{ "FSCTL_SRV_COPYCHUNK", 0x001440f2 },
		{ "FSCTL_SRV_COPYCHUNK_WRITE", 0x001480f2 },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].value == function)
			return names[i].name;
	}
	return NULL;
}

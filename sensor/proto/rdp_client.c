/* SPDX-License-Identifier: Apache-2.0 */
/* rdp_client: what a client says of itself, [MS-RDPBCGR] section 2.2.1.3. */
#include "sensor/proto/rdp.h"

#define CS_CORE 0xc001
#define CS_NET 0xc003

/* UTF-16 in little endian up to its NUL; what is no character becomes U+FFFD. */
static void
read_text(struct cursor *c, size_t bytes, char *ret, size_t size)
{
	struct cursor t = cursor_sub(c, bytes);
	size_t at = 0;
	while (cursor_left(&t) >= 2 && at + 4 < size) {
		uint32_t u = cursor_le16(&t);
		if (u == 0)
			break;
		if (u >= 0xd800 && u < 0xe000)
			u = 0xfffd;
		if (u < 0x80) {
			ret[at++] = (char)u;
		} else if (u < 0x800) {
			ret[at++] = (char)(0xc0 | u >> 6);
			ret[at++] = (char)(0x80 | (u & 0x3f));
		} else {
			ret[at++] = (char)(0xe0 | u >> 12);
			ret[at++] = (char)(0x80 | (u >> 6 & 0x3f));
			ret[at++] = (char)(0x80 | (u & 0x3f));
		}
	}
	ret[at] = 0;
}

/* Numbers of TS_UD_CS_CORE's names for depths. */
static uint16_t
depth_of(uint16_t name)
{
	static const uint16_t depths[] = { 4, 8, 15, 16, 24 };
	return name >= 0xca00 && name < 0xca05 ? depths[name - 0xca00] : 0;
}

/* What a client leaves out at the end stays 0. */
static void
read_core(struct cursor c, struct rdp_client *ret)
{
	uint16_t depth;
	ret->version = cursor_le32(&c);
	ret->width = cursor_le16(&c);
	ret->height = cursor_le16(&c);
	ret->colour_depth = depth_of(cursor_le16(&c));
	cursor_skip(&c, 2);
	ret->keyboard_layout = cursor_le32(&c);
	ret->build = cursor_le32(&c);
	read_text(&c, 32, ret->name, sizeof(ret->name));
	ret->keyboard_type = cursor_le32(&c);
	ret->keyboard_subtype = cursor_le32(&c);
	ret->function_keys = cursor_le32(&c);
	read_text(&c, 64, ret->ime, sizeof(ret->ime));
	depth = depth_of(cursor_le16(&c));
	if (depth)
		ret->colour_depth = depth;
	ret->product_id = cursor_le16(&c);
	ret->serial_number = cursor_le32(&c);
	depth = cursor_le16(&c);
	if (depth)
		ret->colour_depth = depth;
	cursor_skip(&c, 2);
	ret->capabilities = cursor_le16(&c);
	read_text(&c, 64, ret->id, sizeof(ret->id));
	ret->connection = cursor_u8(&c);
	cursor_skip(&c, 1 + 4);
	ret->physical_width = cursor_le32(&c);
	ret->physical_height = cursor_le32(&c);
	ret->orientation = cursor_le16(&c);
	ret->scale_factor = cursor_le32(&c);
	ret->device_scale_factor = cursor_le32(&c);
}

static void
read_net(struct cursor c, struct rdp_client *ret)
{
	uint32_t count = cursor_le32(&c);
	while (count-- && ret->channel_count < RDP_CHANNELS_MAX) {
		struct span name = cursor_bytes(&c, RDP_CHANNEL_NAME_LEN);
		cursor_skip(&c, 4);
		if (c.is_short)
			return;
		memcpy(ret->channels[ret->channel_count++], name.p, RDP_CHANNEL_NAME_LEN);
	}
}

bool
rdp_client_read(struct span blocks, struct rdp_client *ret)
{
	struct cursor c = cursor_span(blocks);
	bool has_core = false;
	while (cursor_left(&c) >= 4) {
		uint16_t type = cursor_le16(&c);
		uint16_t len = cursor_le16(&c);
		if (len < 4)
			return has_core;
		struct cursor block = cursor_sub(&c, len - 4u);
		if (block.is_short)
			return has_core;
		if (type == CS_CORE && !has_core) {
			read_core(block, ret);
			has_core = true;
		} else if (type == CS_NET && ret->channel_count == 0) {
			read_net(block, ret);
		}
	}
	return has_core;
}

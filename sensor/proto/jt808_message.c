/* SPDX-License-Identifier: Apache-2.0 */
/* jt808_message: which messages there are, their names, and what kind of operation each is. */
#include "sensor/proto/jt808.h"

struct message {
	uint16_t id;
	uint8_t op;
	const char *name;
};

static const struct message messages[] = {
	{ 0x0001, JT808_OP_REPORT, "terminal_general_reply" },
	{ 0x0002, JT808_OP_REPORT, "heartbeat" },
	{ 0x0003, JT808_OP_AUTH, "terminal_logout" },
	{ 0x0004, JT808_OP_READ, "time_request" },
	{ 0x0005, JT808_OP_REPORT, "terminal_resend_request" },
	{ 0x0100, JT808_OP_AUTH, "terminal_register" },
	{ 0x0102, JT808_OP_AUTH, "terminal_authenticate" },
	{ 0x0104, JT808_OP_REPORT, "parameters_reply" },
	{ 0x0107, JT808_OP_REPORT, "attributes_reply" },
	{ 0x0108, JT808_OP_REPORT, "upgrade_result" },
	{ 0x0200, JT808_OP_REPORT, "location_report" },
	{ 0x0201, JT808_OP_REPORT, "location_reply" },
	{ 0x0301, JT808_OP_REPORT, "event_report" },
	{ 0x0302, JT808_OP_REPORT, "question_reply" },
	{ 0x0303, JT808_OP_REPORT, "information_order" },
	{ 0x0500, JT808_OP_REPORT, "vehicle_control_reply" },
	{ 0x0608, JT808_OP_REPORT, "area_reply" },
	{ 0x0700, JT808_OP_REPORT, "recorder_upload" },
	{ 0x0701, JT808_OP_REPORT, "waybill_report" },
	{ 0x0702, JT808_OP_REPORT, "driver_report" },
	{ 0x0704, JT808_OP_REPORT, "location_batch" },
	{ 0x0705, JT808_OP_REPORT, "can_upload" },
	{ 0x0800, JT808_OP_REPORT, "media_event" },
	{ 0x0801, JT808_OP_FILE, "media_upload" },
	{ 0x0802, JT808_OP_REPORT, "media_search_reply" },
	{ 0x0805, JT808_OP_REPORT, "camera_reply" },
	{ 0x0900, JT808_OP_REPORT, "passthrough_up" },
	{ 0x0901, JT808_OP_REPORT, "compressed_report" },
	{ 0x0a00, JT808_OP_AUTH, "terminal_rsa_key" },
	{ 0x1003, JT808_OP_REPORT, "video_attributes" },
	{ 0x1005, JT808_OP_REPORT, "passenger_flow" },
	{ 0x1205, JT808_OP_REPORT, "video_resource_list" },
	{ 0x1206, JT808_OP_REPORT, "video_upload_done" },
	{ 0x8001, JT808_OP_REPORT, "platform_general_reply" },
	{ 0x8003, JT808_OP_REPORT, "platform_resend_request" },
	{ 0x8004, JT808_OP_CONFIG, "time_reply" },
	{ 0x8100, JT808_OP_AUTH, "register_reply" },
	{ 0x8103, JT808_OP_CONFIG, "set_parameters" },
	{ 0x8104, JT808_OP_READ, "read_parameters" },
	{ 0x8105, JT808_OP_CONTROL, "terminal_control" },
	{ 0x8106, JT808_OP_READ, "read_some_parameters" },
	{ 0x8107, JT808_OP_READ, "read_attributes" },
	{ 0x8108, JT808_OP_FIRMWARE, "upgrade_package" },
	{ 0x8201, JT808_OP_READ, "location_query" },
	{ 0x8202, JT808_OP_CONTROL, "location_tracking" },
	{ 0x8203, JT808_OP_CONTROL, "confirm_alarm" },
	{ 0x8204, JT808_OP_READ, "link_check" },
	{ 0x8300, JT808_OP_WRITE, "text_message" },
	{ 0x8301, JT808_OP_WRITE, "event_menu" },
	{ 0x8302, JT808_OP_WRITE, "question" },
	{ 0x8303, JT808_OP_WRITE, "information_menu" },
	{ 0x8304, JT808_OP_WRITE, "information_service" },
	{ 0x8400, JT808_OP_CONTROL, "call_back" },
	{ 0x8401, JT808_OP_CONFIG, "phone_book" },
	{ 0x8500, JT808_OP_CONTROL, "vehicle_control" },
	{ 0x8600, JT808_OP_CONFIG, "set_circle" },
	{ 0x8601, JT808_OP_CONFIG, "delete_circle" },
	{ 0x8602, JT808_OP_CONFIG, "set_rectangle" },
	{ 0x8603, JT808_OP_CONFIG, "delete_rectangle" },
	{ 0x8604, JT808_OP_CONFIG, "set_polygon" },
	{ 0x8605, JT808_OP_CONFIG, "delete_polygon" },
	{ 0x8606, JT808_OP_CONFIG, "set_route" },
	{ 0x8607, JT808_OP_CONFIG, "delete_route" },
	{ 0x8608, JT808_OP_READ, "area_query" },
	{ 0x8700, JT808_OP_READ, "read_recorder" },
	{ 0x8701, JT808_OP_CONFIG, "write_recorder" },
	{ 0x8702, JT808_OP_READ, "driver_query" },
	{ 0x8800, JT808_OP_REPORT, "media_reply" },
	{ 0x8801, JT808_OP_CONTROL, "take_photo" },
	{ 0x8802, JT808_OP_READ, "media_search" },
	{ 0x8803, JT808_OP_FILE, "media_fetch" },
	{ 0x8804, JT808_OP_CONTROL, "record_audio" },
	{ 0x8805, JT808_OP_FILE, "media_fetch_one" },
	{ 0x8900, JT808_OP_WRITE, "passthrough_down" },
	{ 0x8a00, JT808_OP_AUTH, "platform_rsa_key" },
	{ 0x9003, JT808_OP_READ, "video_attributes_query" },
	{ 0x9101, JT808_OP_CONTROL, "video_live" },
	{ 0x9102, JT808_OP_CONTROL, "video_live_control" },
	{ 0x9201, JT808_OP_CONTROL, "video_playback" },
	{ 0x9202, JT808_OP_CONTROL, "video_playback_control" },
	{ 0x9205, JT808_OP_READ, "video_resource_query" },
	{ 0x9206, JT808_OP_FILE, "video_upload" },
	{ 0x9207, JT808_OP_CONTROL, "video_upload_control" },
};

static const struct message *
message_find(uint16_t id)
{
	size_t low = 0, high = sizeof(messages) / sizeof(messages[0]);

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (messages[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < sizeof(messages) / sizeof(messages[0]) && messages[low].id == id
		   ? &messages[low]
		   : NULL;
}

const char *
jt808_message_name(uint16_t id)
{
	const struct message *m = message_find(id);

	return m ? m->name : NULL;
}

enum jt808_op
jt808_message_op(uint16_t id)
{
	const struct message *m = message_find(id);

	return m ? (enum jt808_op)m->op : id >= 0x8000 ? JT808_OP_CONTROL : JT808_OP_REPORT;
}

const struct field_name jt808_op_names[] = {
	{ "read", JT808_OP_READ },
	{ "write", JT808_OP_WRITE },
	{ "control", JT808_OP_CONTROL },
	{ "firmware", JT808_OP_FIRMWARE },
	{ "config", JT808_OP_CONFIG },
	{ "auth", JT808_OP_AUTH },
	{ "file", JT808_OP_FILE },
	{ "report", JT808_OP_REPORT },
	{ NULL, 0 },
};

enum jt808_op
jt808_op_of(const struct jt808_tx *m)
{
	/* Word 1 of terminal control fetches new firmware. */
	if (m->header.id == 0x8105 && m->has_command && strcmp(m->command, "1") == 0)
		return JT808_OP_FIRMWARE;
	return jt808_message_op(m->header.id);
}

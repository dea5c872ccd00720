/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/keyword/dcerpc_app.h"

int
dcerpc_select_app(struct rule_parser *parser)
{
	if (parser->rule->app_id == PROTO_ID_smb)
		return 0;
	return rule_select_app(parser, PROTO_ID_dcerpc);
}

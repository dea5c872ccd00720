/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GUAN_COLLECTOR_API_HANDLERS_H
#define GUAN_COLLECTOR_API_HANDLERS_H

/* handlers: the functions of the routing table, by the file they stand in. */

#include "collector/api/call.h"

/* session_calls.c */
void handle_login(struct call *call);
void handle_session(struct call *call);
void handle_logout(struct call *call);
void handle_password(struct call *call);

/* facility_calls.c */
void handle_facilities(struct call *call);
void handle_facility(struct call *call);
void handle_unmapped(struct call *call);
void handle_sensors(struct call *call);

/* alert_calls.c */
void handle_alerts(struct call *call);
void handle_alert(struct call *call);

/* case_calls.c */
void handle_cases(struct call *call);
void handle_case(struct call *call);
void handle_case_incident(struct call *call);
void handle_case_close(struct call *call);

/* incident_calls.c */
void handle_incidents(struct call *call);
void handle_incident(struct call *call);
void handle_facts(struct call *call);
void handle_confirm(struct call *call);
void handle_regrade(struct call *call);
void handle_move(struct call *call);

/* report_calls.c */
void handle_draft(struct call *call);
void handle_report(struct call *call);
void handle_submit(struct call *call);
void handle_acknowledge(struct call *call);

/* law_calls.c */
void handle_law(struct call *call);

/* system_calls.c */
void handle_overview(struct call *call);
void handle_health(struct call *call);
void handle_metrics(struct call *call);
void handle_openapi(struct call *call);

/* stream.c */
void handle_stream(struct call *call);

#endif

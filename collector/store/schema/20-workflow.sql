-- SPDX-License-Identifier: Apache-2.0
-- What people do about alerts: incidents, legal clocks, reports, and the ledgers of duties, hazards
-- and inspections. ROWKEY and BYTES are replaced by the engine's own words (store/db.h). Times are
-- microseconds since 1970 UTC; days are text, YYYY-MM-DD in Asia/Shanghai. Values that the law
-- names are Chinese. Numbers and deadlines come from rules/law, never from here.

-- Who did what, when and why. Each row's hash covers the row and the hash before it (SHA-256), so a
-- changed or missing row shows. Rows are never updated or deleted. Also the history of an incident.
CREATE TABLE audit (
	id ROWKEY,
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,             -- account name; 'system' for the clock
	object_kind TEXT NOT NULL,       -- incident, account, ...
	object_id BIGINT NOT NULL,
	what TEXT NOT NULL,              -- incident.state, incident.grade, edge.state, report.filed, ...
	from_value TEXT,
	to_value TEXT,
	why TEXT NOT NULL,
	prev_hash TEXT NOT NULL,         -- empty for the first row
	hash TEXT NOT NULL UNIQUE
);
CREATE INDEX audit_object ON audit (object_kind, object_id, id);

-- Which versions of the rule files this store has worked under.
CREATE TABLE rule_pack (
	id ROWKEY,
	file TEXT NOT NULL,
	version TEXT NOT NULL,
	content_hash TEXT NOT NULL,
	loaded_at BIGINT NOT NULL,
	UNIQUE (file, version, content_hash)
);

-- Incidents -------------------------------------------------------------------------------

CREATE TABLE incident (
	id ROWKEY,
	number TEXT NOT NULL UNIQUE,     -- INC-year-sequence
	title TEXT NOT NULL,
	exercise INTEGER NOT NULL,       -- 演练: marked wherever the incident is shown
	state TEXT NOT NULL,             -- A1 to A9, regulatory state machine
	facility BIGINT NOT NULL REFERENCES facility (id),
	operator BIGINT REFERENCES organisation (id),
	is_cii INTEGER NOT NULL,         -- as identified when opened: the clocks depend on it
	is_central_organ_unit INTEGER NOT NULL,
	category_key TEXT,
	grade_report TEXT,               -- confirmed by a person, drives the clocks
	grade_proposed TEXT,             -- 初判 of the engine
	grade_std TEXT,                  -- by GB/T 20986
	grade_response TEXT,             -- the graver of both unless overridden with a reason
	grade_basis TEXT,
	grade_by TEXT,
	grade_at BIGINT,
	discovered_at BIGINT,
	informed_at BIGINT,
	clock_start BIGINT,              -- min of both; set once, never changed
	confirmed_at BIGINT,
	occurred_at BIGINT,
	disposal_ended_at BIGINT,
	suspected_crime INTEGER NOT NULL DEFAULT 0,
	provider TEXT,
	opened_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX incident_by_state ON incident (state, id);
CREATE INDEX incident_by_facility ON incident (facility, id);

CREATE TABLE incident_case (
	incident BIGINT NOT NULL REFERENCES incident (id),
	case_id BIGINT NOT NULL REFERENCES alert_case (id),
	PRIMARY KEY (incident, case_id)
);

-- Further facilities an incident touches: one record, edges per operator.
CREATE TABLE incident_facility (
	incident BIGINT NOT NULL REFERENCES incident (id),
	facility BIGINT NOT NULL REFERENCES facility (id),
	PRIMARY KEY (incident, facility)
);

-- What is known of the harm: input of the grading rows G1 to G8.
CREATE TABLE incident_fact (
	incident BIGINT NOT NULL REFERENCES incident (id),
	fact TEXT NOT NULL,
	number BIGINT,                   -- one of the two
	word TEXT,
	PRIMARY KEY (incident, fact)
);

-- One clock: one edge of the law to one recipient. The row keeps the number it was opened with.
CREATE TABLE incident_edge (
	id ROWKEY,
	incident BIGINT NOT NULL REFERENCES incident (id),
	edge TEXT NOT NULL,              -- E1 to E11
	from_party TEXT NOT NULL,
	to_party TEXT NOT NULL,
	report_kind TEXT NOT NULL,
	clock_kind TEXT NOT NULL,        -- discovery, receipt, confirmed, responding, disposal_ended
	grade TEXT NOT NULL,             -- grade under which it was opened
	clock_start BIGINT NOT NULL,
	limit_s BIGINT,                  -- NULL: promptly (及时)
	due_at BIGINT,
	next_at BIGINT,                  -- when the clock has to look again; NULL: never
	state TEXT NOT NULL,             -- pending due_soon overdue submitted submitted_late
	                                 -- acknowledged cancelled
	alarm INTEGER NOT NULL DEFAULT 0, -- percent of the limit already alarmed
	submitted_at BIGINT,
	submitted_by TEXT,
	recorded_at BIGINT,
	channel TEXT,
	receipt_no TEXT,
	late_reason TEXT,
	acknowledged_at BIGINT,
	report BIGINT,                   -- the report submitted
	content_hash TEXT,               -- of that report, as proof
	internal INTEGER NOT NULL,
	verified INTEGER NOT NULL,
	confidence TEXT NOT NULL,
	source_note TEXT NOT NULL,
	rule_version TEXT NOT NULL,
	UNIQUE (incident, edge, to_party, clock_start)
);
CREATE INDEX incident_edge_next ON incident_edge (next_at);
CREATE INDEX incident_edge_state ON incident_edge (state, due_at);

CREATE TABLE report (
	id ROWKEY,
	report_no TEXT NOT NULL UNIQUE,
	incident BIGINT NOT NULL REFERENCES incident (id),
	kind TEXT NOT NULL,              -- 初报, 续报, 终报, 更正
	seq INTEGER NOT NULL,
	grade TEXT,
	exercise INTEGER NOT NULL,
	created_at BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	approver TEXT,
	content_hash TEXT NOT NULL,
	UNIQUE (incident, kind, seq)
);

-- Labels are stored with the value: a report stays what it said when the form changes.
CREATE TABLE report_item (
	report BIGINT NOT NULL REFERENCES report (id),
	position INTEGER NOT NULL,
	item INTEGER NOT NULL,
	key TEXT NOT NULL,
	label_zh TEXT NOT NULL,
	label_en TEXT NOT NULL,
	value TEXT NOT NULL,
	required INTEGER NOT NULL,
	prefilled INTEGER NOT NULL,
	PRIMARY KEY (report, position)
);

-- 重大网络安全威胁 (Regulation Art. 18): reportable without damage.
CREATE TABLE threat (
	id ROWKEY,
	title TEXT NOT NULL,
	exercise INTEGER NOT NULL,
	state TEXT NOT NULL,
	facility BIGINT REFERENCES facility (id),
	level TEXT,
	category_key TEXT,
	discovered_at BIGINT,
	indicators TEXT,
	incident BIGINT REFERENCES incident (id),
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);

-- Hazards (隐患) --------------------------------------------------------------------------

CREATE TABLE hazard (
	id ROWKEY,
	number TEXT NOT NULL UNIQUE,
	facility BIGINT NOT NULL REFERENCES facility (id),
	asset TEXT,
	zone TEXT,
	title TEXT NOT NULL,
	source TEXT NOT NULL,            -- 监测, 检测, 检查, 演练, 通报, 自查
	category_key TEXT,               -- 07xx
	vulnerability_ids TEXT,          -- CNVD, CNNVD, CVE, NVDB; space between
	level TEXT,                      -- 一般, 较大, 重大
	state TEXT NOT NULL,             -- H0 to H9
	ladder_step TEXT,                -- L1 to L6
	discovered_at BIGINT NOT NULL,
	discovered_by TEXT NOT NULL,
	evidence TEXT,
	harm TEXT,
	responsible BIGINT REFERENCES organisation (id),
	responsible_person TEXT,
	measure TEXT,
	interim_measure TEXT,
	due_at BIGINT,
	extensions INTEGER NOT NULL DEFAULT 0,
	failed_reviews INTEGER NOT NULL DEFAULT 0,
	completed_at BIGINT,
	completion_proof TEXT,
	reviewer TEXT,
	review_result TEXT,
	closed_at BIGINT,
	accepted_until TEXT,
	incident BIGINT REFERENCES incident (id),
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX hazard_facility ON hazard (facility, state);
CREATE INDEX hazard_due ON hazard (state, due_at);

CREATE TABLE hazard_action (
	id ROWKEY,
	hazard BIGINT NOT NULL REFERENCES hazard (id),
	kind TEXT NOT NULL,              -- notice, extension, progress, review, interview, order, penalty
	at BIGINT NOT NULL,
	actor TEXT NOT NULL,
	document_no TEXT,
	due_at BIGINT,
	text TEXT NOT NULL
);
CREATE INDEX hazard_action_hazard ON hazard_action (hazard, id);

-- Duties ----------------------------------------------------------------------------------

CREATE TABLE obligation (
	code TEXT NOT NULL PRIMARY KEY,  -- O01 to O56, X01 to X10
	basis TEXT NOT NULL,
	holder TEXT NOT NULL,
	duty TEXT NOT NULL,
	recurrence TEXT,
	kind TEXT NOT NULL,              -- duty, supervision (督促 or 指导)
	mode TEXT NOT NULL,              -- D detects, T tracks, N notes
	penalty_ref TEXT,
	rule_version TEXT NOT NULL
);

CREATE TABLE obligation_instance (
	id ROWKEY,
	obligation TEXT NOT NULL REFERENCES obligation (code),
	kind TEXT NOT NULL,
	organisation BIGINT REFERENCES organisation (id),
	facility BIGINT REFERENCES facility (id),
	period TEXT NOT NULL,
	due_at BIGINT,
	state TEXT NOT NULL,             -- 未到期, 临期, 已完成, 逾期, 不适用
	reason TEXT,
	closed_at BIGINT,
	closed_by TEXT,
	CHECK (organisation IS NOT NULL OR facility IS NOT NULL)
);
CREATE INDEX obligation_instance_due ON obligation_instance (state, due_at);

CREATE TABLE evidence (
	id ROWKEY,
	object_kind TEXT NOT NULL,       -- obligation_instance, hazard, report, inspection, ...
	object_id BIGINT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	content_hash TEXT NOT NULL,
	size_bytes BIGINT NOT NULL,
	uploaded_by TEXT NOT NULL,
	uploaded_at BIGINT NOT NULL
);
CREATE INDEX evidence_object ON evidence (object_kind, object_id);

-- Inspections, tests, drills, trainings, evaluations, plans, projects, self-checks.
CREATE TABLE activity (
	id ROWKEY,
	kind TEXT NOT NULL,              -- inspection, test, drill, training, evaluation, plan, project
	subject_organisation BIGINT REFERENCES organisation (id),
	subject_facility BIGINT REFERENCES facility (id),
	planned_on TEXT,
	held_on TEXT,
	leader TEXT,                     -- must equal the registered 监管责任领导 for an inspection
	members TEXT,
	is_exercise_live INTEGER NOT NULL DEFAULT 0, -- 实战演练
	institution TEXT,
	qualification TEXT,
	certificate_no TEXT,
	certificate_valid_to TEXT,
	result TEXT,
	archive_no TEXT,
	report_hash TEXT,
	gate TEXT,                       -- project: 同步规划, 同步建设, 同步使用
	authorisation BIGINT,
	created_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX activity_facility ON activity (kind, subject_facility);

CREATE TABLE activity_finding (
	activity BIGINT NOT NULL REFERENCES activity (id),
	position INTEGER NOT NULL,
	text TEXT NOT NULL,
	hazard BIGINT REFERENCES hazard (id),
	PRIMARY KEY (activity, position)
);

-- Regulation Art. 31: no probing without one of these.
CREATE TABLE authorisation (
	id ROWKEY,
	granted_by TEXT NOT NULL,
	grantee TEXT NOT NULL,
	facility BIGINT REFERENCES facility (id),
	scope TEXT NOT NULL,
	valid_from BIGINT NOT NULL,
	valid_to BIGINT NOT NULL,
	basis TEXT NOT NULL,
	revoked_at BIGINT,
	created_at BIGINT NOT NULL
);

-- 通报, 预警, 整改通知书, 督办单, 约谈通知.
CREATE TABLE notification (
	id ROWKEY,
	document_no TEXT NOT NULL UNIQUE,
	kind TEXT NOT NULL,
	exercise INTEGER NOT NULL,
	colour TEXT,                     -- warnings: 红, 橙, 黄, 蓝; 红 is the national office's alone
	mark TEXT NOT NULL,              -- TLP
	secrecy TEXT,                    -- 工作秘密, 内部, 公开; 国家秘密 must not enter
	issuer TEXT NOT NULL,
	subject TEXT NOT NULL,
	body TEXT NOT NULL,
	required_action TEXT,
	due_at BIGINT,
	legal_basis TEXT,
	signer TEXT,
	issued_at BIGINT,
	released_at BIGINT,
	adjusts BIGINT REFERENCES notification (id),
	version BIGINT NOT NULL DEFAULT 1,
	CHECK (colour IS NULL OR colour IN ('红', '橙', '黄', '蓝'))
);

CREATE TABLE notification_recipient (
	notification BIGINT NOT NULL REFERENCES notification (id),
	organisation BIGINT NOT NULL REFERENCES organisation (id),
	sent_at BIGINT,
	signed_at BIGINT,
	fed_back_at BIGINT,
	feedback TEXT,
	PRIMARY KEY (notification, organisation)
);

CREATE TABLE intel_bundle (
	id ROWKEY,
	format TEXT NOT NULL,            -- stix-2.1, json, csv
	tlp TEXT NOT NULL,
	secrecy TEXT,
	direction TEXT NOT NULL,         -- in, out
	counterparty TEXT NOT NULL,
	content_hash TEXT NOT NULL,
	signature TEXT,
	transfer TEXT,                   -- how it crossed domains: one-way, disk, network
	at BIGINT NOT NULL,
	by_actor TEXT NOT NULL
);

-- SPDX-License-Identifier: Apache-2.0
-- What the collector has received, whose it is, and who may look at it.
-- ROWKEY and BYTES are replaced by the engine's own words (store/db.h). Times are
-- microseconds since 1970 UTC. Addresses are 4 or 16 bytes.

-- Sensors ---------------------------------------------------------------------------------

CREATE TABLE sensor (
	id ROWKEY,
	name TEXT NOT NULL UNIQUE,       -- SENSORID of the Redis key and of event ids
	first_seen BIGINT NOT NULL,      -- wall clock of the collector
	last_seen BIGINT NOT NULL,
	last_event_ts BIGINT,            -- newest capture time seen
	version TEXT,                    -- of its program, when a record said so
	records BIGINT NOT NULL DEFAULT 0, -- stored from it, each once
	stats TEXT                       -- its newest stats record, JSON
);

CREATE TABLE sensor_zone (
	sensor BIGINT NOT NULL REFERENCES sensor (id),
	zone TEXT NOT NULL,
	last_seen BIGINT NOT NULL,
	PRIMARY KEY (sensor, zone)
);

-- Which sequence numbers of one run (epoch) of a sensor are stored, as closed ranges
-- [first_seq, last_seq] that neither touch nor overlap. A row changes in the transaction that stores
-- the event, so a crash keeps both or neither. A sensor that lost nothing needs one row per epoch.
CREATE TABLE event_seen (
	sensor BIGINT NOT NULL REFERENCES sensor (id),
	epoch BIGINT NOT NULL,
	first_seq BIGINT NOT NULL,
	last_seq BIGINT NOT NULL,
	PRIMARY KEY (sensor, epoch, first_seq),
	CHECK (first_seq <= last_seq)
);

-- Records other than alerts, as they came.
CREATE TABLE event (
	id ROWKEY,
	sensor BIGINT NOT NULL REFERENCES sensor (id),
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,
	type TEXT NOT NULL,
	ts BIGINT NOT NULL,
	flow_id BIGINT,
	raw TEXT NOT NULL,
	UNIQUE (sensor, epoch, seq)
);
CREATE INDEX event_type_ts ON event (type, ts);

-- What could not be read, kept so that somebody can find out why.
CREATE TABLE dead_letter (
	id ROWKEY,
	at BIGINT NOT NULL,
	stream TEXT NOT NULL,
	entry TEXT NOT NULL,             -- Redis entry id
	reason TEXT NOT NULL,
	event_id TEXT,                   -- the id field, when there was one
	raw BYTES,                       -- the record, cut at 64 KiB
	UNIQUE (stream, entry)
);

-- Totals that outlive a restart: 'dead_letter', 'dead_letter_dropped', 'duplicate', 'unmapped'.
CREATE TABLE counter (
	name TEXT NOT NULL PRIMARY KEY,
	value BIGINT NOT NULL
);

-- Registry --------------------------------------------------------------------------------

CREATE TABLE organisation (
	id ROWKEY,
	code TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,              -- Chinese
	name_en TEXT,
	kind TEXT NOT NULL,              -- ministry, ministry_subordinate, province, plan_city, corps,
	                                 -- operator, service_provider, cac, public_security
	division TEXT,                   -- GB/T 2260
	uscc TEXT,                       -- GB 32100
	is_admin_organ INTEGER NOT NULL DEFAULT 0,
	is_central_organ_unit INTEGER NOT NULL DEFAULT 0,
	parent BIGINT REFERENCES organisation (id),
	version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE facility_class (
	class TEXT NOT NULL PRIMARY KEY,
	name TEXT NOT NULL,
	name_en TEXT NOT NULL
);

CREATE TABLE facility (
	id ROWKEY,
	code TEXT NOT NULL UNIQUE,       -- {B|S}-{division}-{class}-{seq4}: the id of the API
	name TEXT NOT NULL,
	name_en TEXT,
	alias TEXT,                      -- code name shown instead of the name
	level TEXT NOT NULL,             -- 部级 or 省级
	class TEXT NOT NULL REFERENCES facility_class (class),
	division TEXT,                   -- GB/T 2260
	operator BIGINT REFERENCES organisation (id),
	supervisor BIGINT REFERENCES organisation (id),
	assisting BIGINT REFERENCES organisation (id),
	identification TEXT,             -- 已认定, 拟认定, 已撤销 or NULL
	identified_by TEXT,
	identified_on TEXT,              -- YYYY-MM-DD
	mlps_level INTEGER,
	mlps_filing TEXT,
	population BIGINT,
	version BIGINT NOT NULL DEFAULT 1,
	updated_at BIGINT NOT NULL
);

CREATE TABLE facility_function (
	facility BIGINT NOT NULL REFERENCES facility (id),
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	is_main INTEGER NOT NULL DEFAULT 1, -- main functions decide grading row G2
	PRIMARY KEY (facility, position)
);

-- Who answers for what. title is a post, not a person's name, unless an operator files names.
CREATE TABLE role_holder (
	id ROWKEY,
	organisation BIGINT REFERENCES organisation (id),
	facility BIGINT REFERENCES facility (id),
	role TEXT NOT NULL,              -- 监管责任领导, 处室负责人, 主要负责人, 首席网络安全官, 机构负责人,
	                                 -- 关键岗位, 联络员
	title TEXT NOT NULL,
	CHECK (organisation IS NOT NULL OR facility IS NOT NULL)
);

CREATE TABLE zone (
	id ROWKEY,
	code TEXT NOT NULL UNIQUE,       -- what a sensor writes into guan.zone
	name TEXT NOT NULL,
	kind TEXT NOT NULL               -- NET-PORTAL, NET-ONLINE, PRIV-TOLL, ... (a network domain)
);

CREATE TABLE network (
	id ROWKEY,
	facility BIGINT NOT NULL REFERENCES facility (id),
	zone BIGINT NOT NULL REFERENCES zone (id),
	prefix TEXT NOT NULL,            -- 10.20.0.0/16, host bits zero
	vlan INTEGER,                    -- NULL: any
	within TEXT                      -- the prefix of another facility it is declared to lie in
);
CREATE INDEX network_facility ON network (facility);

CREATE TABLE server_name (
	id ROWKEY,
	facility BIGINT NOT NULL REFERENCES facility (id),
	zone BIGINT NOT NULL REFERENCES zone (id),
	name TEXT NOT NULL,              -- lower case; *.example for every name below
	UNIQUE (zone, name)
);
CREATE INDEX server_name_facility ON server_name (facility);

-- Every change of the registry: who, when, from what, to what.
CREATE TABLE registry_change (
	id ROWKEY,
	at BIGINT NOT NULL,
	who TEXT NOT NULL,
	source TEXT NOT NULL,            -- file:line
	kind TEXT NOT NULL,              -- organisation, facility, zone, class
	code TEXT NOT NULL,
	version BIGINT NOT NULL,
	before TEXT,                     -- JSON; NULL: new
	after TEXT                       -- JSON; NULL: removed
);
CREATE INDEX registry_change_code ON registry_change (kind, code, id);

-- Alerts and cases ------------------------------------------------------------------------

-- Alerts of one signature by one attacker against one facility, folded.
CREATE TABLE alert_case (
	id ROWKEY,
	fold_key TEXT UNIQUE,            -- what folds into it; NULL once closed: the next alert opens a new one
	state TEXT NOT NULL DEFAULT 'open', -- open 待研判, incident 已转事件, closed 已关闭
	facility BIGINT REFERENCES facility (id), -- NULL: unmapped
	zone TEXT,
	gid BIGINT NOT NULL,
	sid BIGINT NOT NULL,
	title TEXT NOT NULL,             -- the signature's text
	category_key TEXT,
	severity INTEGER NOT NULL,       -- the gravest of its alerts: 1 to 4
	count BIGINT NOT NULL,
	first_seen BIGINT NOT NULL,
	last_seen BIGINT NOT NULL,
	attacker BYTES,
	src_ip BYTES,                    -- NULL when its alerts come from several
	dest_ip BYTES,
	incident_id BIGINT               -- set by the workflow
);
CREATE INDEX alert_case_last ON alert_case (last_seen, id);
CREATE INDEX alert_case_facility ON alert_case (facility, last_seen);
CREATE INDEX alert_case_state ON alert_case (state, last_seen);

CREATE TABLE alert (
	id ROWKEY,
	sensor BIGINT NOT NULL REFERENCES sensor (id),
	epoch BIGINT NOT NULL,
	seq BIGINT NOT NULL,             -- event id: sensor.name/epoch/seq
	ts BIGINT NOT NULL,              -- capture time
	stored_at BIGINT NOT NULL,
	event_type TEXT NOT NULL,
	flow_id BIGINT,
	zone TEXT,
	vlan INTEGER,
	src_ip BYTES,
	src_port INTEGER,
	dest_ip BYTES,
	dest_port INTEGER,
	proto TEXT,
	app_proto TEXT,
	gid BIGINT NOT NULL,
	sid BIGINT NOT NULL,
	rev BIGINT NOT NULL,
	signature TEXT NOT NULL,
	category TEXT NOT NULL,
	category_key TEXT,               -- GB/T 20986 key, 4 digits
	severity INTEGER NOT NULL,       -- 1 to 4
	action TEXT,
	facility BIGINT REFERENCES facility (id), -- NULL: unmapped
	facility_end TEXT,               -- src, dest, both
	facility_by TEXT,                -- what named it: network, server_name
	case_id BIGINT NOT NULL REFERENCES alert_case (id),
	raw TEXT NOT NULL,
	UNIQUE (sensor, epoch, seq)
);
CREATE INDEX alert_ts ON alert (ts, id);
CREATE INDEX alert_facility ON alert (facility, ts);
CREATE INDEX alert_case_id ON alert (case_id, ts);
CREATE INDEX alert_severity ON alert (severity, ts);
CREATE INDEX alert_sid ON alert (sid, ts);

-- The ownership queue: alerts whose address belongs to nobody in the registry.
CREATE TABLE unmapped (
	zone TEXT NOT NULL,              -- '' when the record named none
	address BYTES NOT NULL,          -- destination; empty when the record had none
	count BIGINT NOT NULL,
	first_seen BIGINT NOT NULL,
	last_seen BIGINT NOT NULL,
	example TEXT NOT NULL,           -- event id of one such alert
	PRIMARY KEY (zone, address)
);
CREATE INDEX unmapped_count ON unmapped (count);

-- Accounts --------------------------------------------------------------------------------

CREATE TABLE account (
	id ROWKEY,
	name TEXT NOT NULL UNIQUE,
	display_name TEXT NOT NULL,
	role TEXT NOT NULL,              -- viewer, analyst, admin
	password_hash TEXT NOT NULL,     -- libsodium's argon2id text
	must_change INTEGER NOT NULL DEFAULT 0, -- first or reset password still in use
	created_at BIGINT NOT NULL,
	changed_at BIGINT NOT NULL
);

-- The starting set of facility classes; an import may add to it.
INSERT INTO facility_class (class, name, name_en) VALUES
	('TOL', '联网收费系统', 'networked tolling'),
	('ETC', 'ETC发行与清分结算', 'ETC issuance, clearing and settlement'),
	('RNM', '路网监测与应急指挥', 'road network monitoring and dispatch'),
	('VID', '视频云与视频联网', 'video cloud and video network'),
	('TUN', '长大桥隧监控', 'long bridge and tunnel control'),
	('RTM', '道路运输监管与两客一危联网联控', 'road transport supervision'),
	('LIC', '运政许可与电子证照', 'transport licensing and e-certificates'),
	('HOT', '12328服务热线', '12328 service hotline'),
	('PTO', '港口作业与设备控制', 'port operation and equipment control'),
	('PDG', '港口危险货物监管', 'dangerous goods in ports'),
	('LCK', '船闸与升船机调度控制', 'ship lock and ship lift control'),
	('VTS', '船舶交通管理', 'vessel traffic service'),
	('AIS', 'AIS岸基与船舶动态', 'shore-based AIS'),
	('MSA', '海事协同管理', 'maritime administration'),
	('NAV', '航道航标遥测与电子航道图', 'waterway and aids to navigation'),
	('SAR', '海上搜救通信', 'maritime search and rescue communication'),
	('PTL', '门户网站', 'portal');

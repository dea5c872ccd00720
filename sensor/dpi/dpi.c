/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpi: the adapter. nDPI 4.2 is the version of Debian 12; what differs in later ones stands in
 * the shims below, chosen by the version macros that all versions have.
 *
 * nDPI keeps 688 bytes and some heap of its own per flow under inspection; they go as soon as
 * it has decided. What we keep of its answer is in struct dpi_flow, from our own slab.
 */
#include "sensor/dpi/dpi.h"

#include <ndpi_api.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/slab.h"

#define NDPI_VER (NDPI_MAJOR * 100 + NDPI_MINOR)

/* The longest packet copied to give it slack; longer ones are cut, nDPI looks at heads only. */
#define DPI_COPY_MAX 4096

struct dpi_flow {
	struct ndpi_flow_struct *ndpi; /* NULL once decided */
	struct dpi_worker *worker;
	uint16_t master, app, category;
	uint8_t packets;
	bool is_final, is_guess, is_overruled;
	uint64_t risk;
	const char *confidence;
};

struct dpi_worker {
	struct ndpi_detection_module_struct *module;
	struct slab *flows;
	struct slab *inner; /* struct ndpi_flow_struct */
	unsigned packet_limit;
	struct dpi_counters counters;
	uint8_t copy[DPI_COPY_MAX + DPI_SLACK];
};

/* For names only, shared by all: made once at start and only read afterwards. */
static struct ndpi_detection_module_struct *names;

static struct ndpi_detection_module_struct *
module_new(const struct dpi_options *options, const char **ret_error)
{
	NDPI_PROTOCOL_BITMASK all;
#if NDPI_VER >= 410
	struct ndpi_detection_module_struct *m = ndpi_init_detection_module(NULL);
#else
	struct ndpi_detection_module_struct *m = ndpi_init_detection_module(ndpi_no_prefs);
#endif

	if (!m) {
		*ret_error = "nDPI could not be initialised";
		return NULL;
	}
	NDPI_BITMASK_SET_ALL(all);
	for (const char *const *name = options ? options->excluded : NULL; name && *name;
	     name++) {
		int id = ndpi_get_protocol_id(m, (char *)*name);
		if (id < 0) {
			*ret_error =
			    "guan.ndpi.exclude names a protocol that nDPI does not know";
			ndpi_exit_detection_module(m);
			return NULL;
		}
		NDPI_DEL_PROTOCOL_FROM_BITMASK(all, (unsigned)id);
	}
	ndpi_set_protocol_detection_bitmask2(m, &all);
	if (options && options->protocols_file &&
	    ndpi_load_protocols_file(m, options->protocols_file) != 0) {
		*ret_error = "guan.ndpi.protocols-file could not be read";
		ndpi_exit_detection_module(m);
		return NULL;
	}
	ndpi_finalize_initialization(m);
	return m;
}

struct dpi_options
dpi_options_default(void)
{
	return (
	    struct dpi_options){ .is_enabled = true, .packet_limit = 10, .max_flows = 65536 };
}

struct dpi_worker *
dpi_worker_new(const struct dpi_options *options, const char **ret_error)
{
	*ret_error = NULL;
	if (ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(struct ndpi_flow_struct)) {
		*ret_error = "the nDPI library is not the one this program was built with";
		return NULL;
	}
	struct dpi_worker *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->packet_limit = options->packet_limit;
	w->flows = slab_new(sizeof(struct dpi_flow), options->max_flows * 8);
	w->inner = slab_new(sizeof(struct ndpi_flow_struct), options->max_flows);
	w->module = module_new(options, ret_error);
	if (!w->flows || !w->inner || !w->module) {
		dpi_worker_free(w);
		return NULL;
	}
	return w;
}

void
dpi_worker_free(struct dpi_worker *w)
{
	if (!w)
		return;
	if (w->module)
		ndpi_exit_detection_module(w->module);
	slab_free(w->inner);
	slab_free(w->flows);
	free(w);
}

/* Gives back what nDPI holds. ndpi_free_flow() would free the struct too: it is the slab's. */
static void
inner_free(struct dpi_worker *w, struct dpi_flow *f)
{
	if (!f->ndpi)
		return;
	ndpi_free_flow_data(f->ndpi);
	slab_put(w->inner, f->ndpi);
	f->ndpi = NULL;
}

static void
keep(struct dpi_worker *w, struct dpi_flow *f, ndpi_protocol p)
{
	f->master = p.master_protocol;
	f->app = p.app_protocol;
	f->category = (uint16_t)p.category;
	f->risk = f->ndpi->risk;
	f->confidence = ndpi_confidence_get_name(f->ndpi->confidence);
	f->is_guess = f->ndpi->confidence == NDPI_CONFIDENCE_MATCH_BY_PORT ||
		      f->ndpi->confidence == NDPI_CONFIDENCE_MATCH_BY_IP;
}

static void
decide(struct dpi_worker *w, struct dpi_flow *f)
{
	f->is_final = true;
	if (f->app == NDPI_PROTOCOL_UNKNOWN && f->master == NDPI_PROTOCOL_UNKNOWN)
		w->counters.flows_unknown++;
	else if (f->is_guess)
		w->counters.flows_guessed++;
	else
		w->counters.flows_decided++;
	inner_free(w, f);
}

static void
give_up(struct dpi_worker *w, struct dpi_flow *f)
{
	u_int8_t was_guessed = 0;
	ndpi_protocol p =
#if NDPI_VER >= 410
	    ndpi_detection_giveup(w->module, f->ndpi, &was_guessed);
#else
	    ndpi_detection_giveup(w->module, f->ndpi, 1, &was_guessed);
#endif
	keep(w, f, p);
	f->is_guess = f->is_guess || was_guessed;
	decide(w, f);
}

/* The flow's state, made with its first packet; NULL when the pools are exhausted. */
static struct dpi_flow *
state_of(struct dpi_worker *w, struct flow *flow)
{
	struct dpi_flow *f = flow->dpi;

	if (f || flow->is_dpi_shed)
		return f;
	f = slab_get(w->flows);
	if (!f) {
		w->counters.flows_shed++;
		flow->is_dpi_shed = true;
		return NULL;
	}
	f->worker = w;
	f->ndpi = slab_get(w->inner);
	if (!f->ndpi) {
		w->counters.flows_shed++;
		f->is_final = true;
	}
	flow->dpi = f;
	return f;
}

void
dpi_packet(struct dpi_worker *w, struct flow *flow, const struct packet *packet, size_t slack)
{
	struct span ip = packet->ip;
	struct dpi_flow *f = state_of(w, flow);

	if (!f || f->is_final || f->is_overruled || ip.len == 0)
		return;
	if (slack < DPI_SLACK) {
		if (ip.len > DPI_COPY_MAX)
			ip.len = DPI_COPY_MAX;
		memcpy(w->copy, ip.p, ip.len);
		memset(w->copy + ip.len, 0, DPI_SLACK);
		ip.p = w->copy;
	}
	uint16_t len = ip.len > UINT16_MAX ? UINT16_MAX : (uint16_t)ip.len;
	ndpi_protocol p =
#if NDPI_VER >= 406
	    ndpi_detection_process_packet(w->module, f->ndpi, ip.p, len,
		packet->ts / NSEC_PER_MSEC, NULL);
#else
	    ndpi_detection_process_packet(w->module, f->ndpi, ip.p, len,
		packet->ts / NSEC_PER_MSEC);
#endif
	w->counters.packets++;
	f->packets++;
	keep(w, f, p);
	if (p.app_protocol != NDPI_PROTOCOL_UNKNOWN &&
	    !ndpi_extra_dissection_possible(w->module, f->ndpi))
		decide(w, f);
	else if (f->packets >= w->packet_limit)
		give_up(w, f);
}

void
dpi_flow_end(struct dpi_worker *w, struct flow *flow)
{
	struct dpi_flow *f = flow->dpi;

	if (f && f->ndpi && !f->is_final)
		give_up(w, f);
}

void
dpi_flow_free(struct dpi_worker *w, struct flow *flow)
{
	if (!flow->dpi)
		return;
	inner_free(w, flow->dpi);
	slab_put(w->flows, flow->dpi);
	flow->dpi = NULL;
}

struct dpi_verdict
dpi_flow_verdict(const struct flow *flow)
{
	const struct dpi_flow *f = flow->dpi;

	if (!f || f->is_overruled)
		return (struct dpi_verdict){ .is_final = f != NULL };
	return (struct dpi_verdict){ f->master, f->app, f->category, f->risk, f->is_final,
		f->is_guess, f->confidence };
}

void
dpi_flow_overrule(struct flow *flow)
{
	struct dpi_flow *f = flow->dpi;

	if (!f)
		return;
	f->is_overruled = true;
	inner_free(f->worker, f);
}

void
dpi_names_init(void)
{
	const char *error;

	if (!names)
		names = module_new(NULL, &error);
}

int
dpi_protocol_find(const char *name)
{
	return names ? ndpi_get_protocol_id(names, (char *)name) : -1;
}

unsigned
dpi_risk_count(void)
{
	return NDPI_MAX_RISK;
}

const char *
dpi_risk_name(unsigned bit)
{
	return bit < NDPI_MAX_RISK ? ndpi_risk2str((ndpi_risk_enum)bit) : NULL;
}

/*
 * Rules may write nDPI's text ("Known Proto on Non Std Port") with spaces or underscores, in
 * any case, with or without the prefix of its C names.
 */
static bool
risk_name_eq(const char *text, const char *name)
{
	if (strncasecmp(name, "NDPI_", 5) == 0)
		name += 5;
	for (; *text && *name; text++, name++) {
		char a = *text == ' ' || *text == '-' || *text == '/' ? '_' : *text;
		char b = *name == ' ' || *name == '-' || *name == '/' ? '_' : *name;
		if ((a | 0x20) != (b | 0x20) && a != b)
			return false;
	}
	return !*text && !*name;
}

int
dpi_risk_find(const char *name)
{
	for (unsigned bit = 1; bit < NDPI_MAX_RISK; bit++)
		if (risk_name_eq(dpi_risk_name(bit), name))
			return (int)bit;
	return -1;
}

const char *
dpi_protocol_name(uint16_t id)
{
	return names ? ndpi_get_proto_name(names, id) : "Unknown";
}

const char *
dpi_category_name(uint16_t id)
{
	return names ? ndpi_category_get_name(names, (ndpi_protocol_category_t)id)
		     : "Unspecified";
}

const char *
dpi_version(void)
{
	return ndpi_revision();
}

void
dpi_record(const struct flow *flow, struct json *json)
{
	struct dpi_verdict v = dpi_flow_verdict(flow);

	if (v.app == NDPI_PROTOCOL_UNKNOWN && v.master == NDPI_PROTOCOL_UNKNOWN)
		return;
	json_open_object(json, "ndpi");
	if (v.master != NDPI_PROTOCOL_UNKNOWN && v.master != v.app)
		json_put_str(json, "master", dpi_protocol_name(v.master));
	json_put_str(json, "app", dpi_protocol_name(v.app));
	json_put_str(json, "category", dpi_category_name(v.category));
	json_put_str(json, "confidence", v.is_guess ? "guess" : v.confidence);
	if (v.risk) {
		json_open_array(json, "risks");
		for (unsigned bit = 1; bit < dpi_risk_count(); bit++)
			if (v.risk >> bit & 1)
				json_put_str(json, NULL, dpi_risk_name(bit));
		json_close(json);
	}
	json_close(json);
}

const struct dpi_counters *
dpi_counters(const struct dpi_worker *worker)
{
	return &worker->counters;
}

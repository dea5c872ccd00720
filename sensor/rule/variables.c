/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/rule/variables.h"

#include <errno.h>

#include "sensor/rule/args.h"

/* Variables may name variables, and groups hold groups; real ones are three deep. */
#define GROUP_DEPTH_MAX 16
/* All pieces of one group together: variables doubling each other must end, too. */
#define GROUP_PIECES_MAX 100000

static const struct {
	enum variable_kind kind;
	const char *name, *value;
} builtin[] = {
	{ VARIABLE_ADDRESS, "HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]" },
	{ VARIABLE_ADDRESS, "EXTERNAL_NET", "!$HOME_NET" },
	{ VARIABLE_ADDRESS, "HTTP_SERVERS", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "SMTP_SERVERS", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "SQL_SERVERS", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "DNS_SERVERS", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "TELNET_SERVERS", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "AIM_SERVERS", "$EXTERNAL_NET" },
	{ VARIABLE_ADDRESS, "DC_SERVERS", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "DNP3_SERVER", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "DNP3_CLIENT", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "MODBUS_CLIENT", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "MODBUS_SERVER", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "ENIP_CLIENT", "$HOME_NET" },
	{ VARIABLE_ADDRESS, "ENIP_SERVER", "$HOME_NET" },
	{ VARIABLE_PORT, "HTTP_PORTS", "80" },
	{ VARIABLE_PORT, "SHELLCODE_PORTS", "!80" },
	{ VARIABLE_PORT, "ORACLE_PORTS", "1521" },
	{ VARIABLE_PORT, "SSH_PORTS", "22" },
	{ VARIABLE_PORT, "DNP3_PORTS", "20000" },
	{ VARIABLE_PORT, "MODBUS_PORTS", "502" },
	{ VARIABLE_PORT, "FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]" },
	{ VARIABLE_PORT, "FTP_PORTS", "21" },
	{ VARIABLE_PORT, "GENEVE_PORTS", "6081" },
	{ VARIABLE_PORT, "VXLAN_PORTS", "4789" },
	{ VARIABLE_PORT, "TEREDO_PORTS", "3544" },
	{ VARIABLE_PORT, "SIP_PORTS", "[5060,5061]" },
};
#define BUILTIN_COUNT (sizeof(builtin) / sizeof(builtin[0]))

static struct rule_variables *
variables_builtin(struct arena *arena)
{
	struct rule_variables *vars = arena_zalloc(arena, sizeof(*vars));
	struct rule_variable *list = arena_zalloc(arena, sizeof(*list) * BUILTIN_COUNT);
	if (!vars || !list)
		return NULL;
	for (size_t i = 0; i < BUILTIN_COUNT; i++)
		list[i] = (struct rule_variable){ .kind = (uint8_t)builtin[i].kind,
			.name = span_str(builtin[i].name),
			.value = span_str(builtin[i].value) };
	vars->list = list;
	vars->count = BUILTIN_COUNT;
	return vars;
}

/* A YAML list of pieces reads as the group of them. */
static struct span
variables_value(struct arena *arena, const struct conf_node *node)
{
	if (node->kind == CONF_SCALAR)
		return span_str(arena_str(arena, span_str(node->value)));
	char *text = arena_printf(arena, "[");
	for (const struct conf_node *item = node->first; item && text; item = item->next)
		if (item->kind == CONF_SCALAR)
			text = arena_printf(arena, "%s%s%s", text, item->value,
			    item->next ? "," : "]");
	return span_str(text);
}

struct rule_variables *
rule_variables_read(struct arena *arena, const struct conf_node *conf, const char **ret_why)
{
	*ret_why = "no memory for variables";
	if (!conf)
		return variables_builtin(arena);
	static const char *const groups[] = { "address-groups", "port-groups" };
	unsigned count = 0;
	for (int kind = 0; kind < 2; kind++) {
		const struct conf_node *group = conf_child(conf, groups[kind]);
		count += group ? group->count : 0;
	}
	struct rule_variables *vars = arena_zalloc(arena, sizeof(*vars));
	struct rule_variable *list = arena_zalloc(arena, sizeof(*list) * (count + 1));
	if (!vars || !list)
		return NULL;
	vars->list = list;
	for (int kind = 0; kind < 2; kind++) {
		const struct conf_node *group = conf_child(conf, groups[kind]);
		if (!group)
			continue;
		if (group->kind != CONF_MAP && group->count) {
			*ret_why = arena_printf(arena, "%s:%u:%u: vars.%s must be a map",
			    group->file, group->line, group->column, groups[kind]);
			return NULL;
		}
		for (const struct conf_node *n = group->first; n; n = n->next) {
			if (n->kind == CONF_MAP) {
				*ret_why =
				    arena_printf(arena, "%s:%u:%u: %s must be a text or a list",
					n->file, n->line, n->column, n->key);
				return NULL;
			}
			list[vars->count++] = (struct rule_variable){ .kind = (uint8_t)kind,
				.name = span_str(arena_str(arena, span_str(n->key))),
				.value = variables_value(arena, n) };
		}
	}
	return vars;
}

struct span
rule_variables_get(const struct rule_variables *vars, enum variable_kind kind, struct span name)
{
	for (unsigned i = 0; vars && i < vars->count; i++)
		if (vars->list[i].kind == kind && span_eq(vars->list[i].name, name))
			return vars->list[i].value;
	return SPAN_NONE;
}

struct group_walk {
	struct arena *arena;
	const struct rule_variables *vars;
	enum variable_kind kind;
	group_leaf_fn *leaf;
	void *arg;
	const char **ret_why;
	unsigned pieces;
};

/* Where the piece at the front ends: at a comma outside brackets. */
static int
group_piece(struct span s, size_t *ret_len)
{
	int open = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '[')
			open++;
		else if (s.p[i] == ']')
			open--;
		else if (s.p[i] == ',' && open == 0) {
			*ret_len = i;
			return 0;
		}
		if (open < 0)
			return -EINVAL;
	}
	*ret_len = s.len;
	return open == 0 ? 0 : -EINVAL;
}

static int group_one(struct group_walk *walk, struct span piece, bool is_negated, int depth);

static int
group_list(struct group_walk *walk, struct span s, bool is_negated, int depth)
{
	while (s.p) {
		size_t len;
		if (group_piece(s, &len) < 0) {
			*walk->ret_why = "brackets do not match";
			return -EINVAL;
		}
		struct span piece = span_sub(s, 0, len);
		s = len < s.len ? span_from(s, len + 1) : SPAN_NONE;
		int r = group_one(walk, args_trim(piece), is_negated, depth + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
group_one(struct group_walk *walk, struct span piece, bool is_negated, int depth)
{
	if (depth > GROUP_DEPTH_MAX || ++walk->pieces > GROUP_PIECES_MAX) {
		*walk->ret_why = "group is nested too deeply, or refers to itself";
		return -EINVAL;
	}
	while (piece.len && piece.p[0] == '!') {
		is_negated = !is_negated;
		piece = args_trim(span_from(piece, 1));
	}
	if (piece.len == 0) {
		*walk->ret_why = "empty group or empty piece of a group";
		return -EINVAL;
	}
	if (piece.p[0] == '$') {
		struct span value =
		    rule_variables_get(walk->vars, walk->kind, span_from(piece, 1));
		if (!value.p) {
			*walk->ret_why = arena_printf(walk->arena,
			    "variable %.*s is not defined", (int)piece.len, piece.p);
			return -EINVAL;
		}
		return group_list(walk, value, is_negated, depth + 1);
	}
	if (piece.p[0] == '[') {
		if (piece.len < 2 || piece.p[piece.len - 1] != ']') {
			*walk->ret_why = "brackets do not match";
			return -EINVAL;
		}
		return group_list(walk, span_sub(piece, 1, piece.len - 2), is_negated,
		    depth + 1);
	}
	return walk->leaf(piece, is_negated, walk->arena, walk->ret_why, walk->arg);
}

int
group_walk(struct arena *arena, const struct rule_variables *vars, enum variable_kind kind,
    struct span text, group_leaf_fn *leaf, void *arg, const char **ret_why)
{
	struct group_walk walk = { arena, vars, kind, leaf, arg, ret_why, 0 };
	return group_one(&walk, args_trim(text), false, 0);
}

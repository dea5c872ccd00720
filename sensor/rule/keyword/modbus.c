/* SPDX-License-Identifier: Apache-2.0 */
/* modbus: what a Modbus request asks for.   modbus:function 5;  modbus:unit 1-10, function
 * !assigned; modbus:access write holding, address 500, value >200;
 *
 * Addresses count from 1, as the specification's tables do, and not from 0 as on the wire. An
 * address holds when any of the addresses that the request touches does. */
#include <errno.h>

#include "sensor/proto/modbus.h"
#include "sensor/rule/keyword/packet_number.h"

struct modbus_test {
	bool has_unit, has_function, has_subfunction, has_category, has_access, has_address,
	    has_value;
	bool is_category_negated;
	uint8_t function, category; /* enum modbus_category */
	uint8_t direction, table;   /* enum modbus_access */
	uint16_t subfunction;
	struct number_test unit, address, value;
};

static const struct {
	const char *name;
	uint8_t bits;
} categories[] = { { "assigned", MODBUS_PUBLIC_ASSIGNED },
	{ "unassigned", MODBUS_PUBLIC_UNASSIGNED },
	{ "public", MODBUS_PUBLIC_ASSIGNED | MODBUS_PUBLIC_UNASSIGNED },
	{ "user", MODBUS_USER_DEFINED }, { "reserved", MODBUS_RESERVED },
	{ "all", MODBUS_PUBLIC_ASSIGNED | MODBUS_PUBLIC_UNASSIGNED | MODBUS_USER_DEFINED |
		     MODBUS_RESERVED } },
  tables[] = { { "discretes", MODBUS_DISCRETES }, { "coils", MODBUS_COILS },
	  { "input", MODBUS_INPUT }, { "holding", MODBUS_HOLDING } };

/* Whether the comparison holds for one of low to high. */
static bool
any_in_range(const struct number_test *test, uint32_t low, uint32_t high)
{
	switch ((enum number_op)test->op) {
	case NUMBER_EQ:
		return test->a >= low && test->a <= high;
	case NUMBER_LT:
	case NUMBER_LE:
		return number_matches(test, low);
	case NUMBER_GT:
	case NUMBER_GE:
		return number_matches(test, high);
	case NUMBER_RANGE:
		return test->b > low && test->a < high && low < test->b;
	default:
		break;
	}
	for (uint32_t n = low; n <= high; n++)
		if (number_matches(test, n))
			return true;
	return false;
}

static bool
modbus_address_holds(const struct modbus_test *t, const struct modbus_pdu *pdu)
{
	bool is_write = t->direction & MODBUS_WRITE;
	if (is_write ? !pdu->has_write : !pdu->has_read)
		return false;
	uint32_t low = (is_write ? pdu->write_address : pdu->read_address) + 1u;
	uint32_t count = is_write ? pdu->write_quantity : pdu->read_quantity;
	uint32_t high = count ? low + count - 1 : low;
	if (!any_in_range(&t->address, low, high))
		return false;
	if (!t->has_value)
		return true;
	/* The value of the address named, or of any that the comparison lets in. */
	for (uint32_t n = low; n <= high; n++) {
		uint16_t value;
		if (number_matches(&t->address, n) &&
		    modbus_written_value(pdu, (uint16_t)(n - 1), &value) &&
		    number_matches(&t->value, value))
			return true;
	}
	return false;
}

static bool
modbus_match(const struct match *match, const struct match_context *ctx)
{
	const struct modbus_test *t = match->data;
	if (ctx->dir != DIR_TOSERVER || !ctx->tx || !ctx->app ||
	    ctx->app->id != PROTO_ID_modbus || ctx->tx->progress[DIR_TOSERVER] < 1)
		return false;
	const struct modbus_pdu *pdu = modbus_tx_pdu(ctx->tx, DIR_TOSERVER);
	if (!pdu || (t->has_unit && !number_matches(&t->unit, pdu->unit)))
		return false;
	if (t->has_function && pdu->function != t->function)
		return false;
	if (t->has_subfunction && (!pdu->has_subfunction || pdu->subfunction != t->subfunction))
		return false;
	if (t->has_category && ((pdu->category & t->category) != 0) == t->is_category_negated)
		return false;
	if (t->has_access &&
	    (!(pdu->access & t->direction) || (t->table && !(pdu->access & t->table))))
		return false;
	return !t->has_address || modbus_address_holds(t, pdu);
}

static int
modbus_function(struct rule_parser *parser, struct span value, struct modbus_test *t)
{
	uint64_t number;
	if (args_uint(value, UINT8_MAX, &number)) {
		t->has_function = true;
		t->function = (uint8_t)number;
		return 0;
	}
	t->is_category_negated = value.len && value.p[0] == '!';
	if (t->is_category_negated)
		value = args_trim(span_from(value, 1));
	for (size_t i = 0; i < sizeof(categories) / sizeof(categories[0]); i++)
		if (args_is_nocase(value, categories[i].name)) {
			t->has_category = true;
			t->category = categories[i].bits;
			return 0;
		}
	return rule_error(parser, value.p, "expected a function code or category");
}

static int
modbus_access(struct rule_parser *parser, struct span value, struct modbus_test *t)
{
	struct span direction, table = value;
	(void)args_word(&table, &direction);
	table = args_trim(table);
	if (args_is_nocase(direction, "read"))
		t->direction = MODBUS_READ;
	else if (args_is_nocase(direction, "write"))
		t->direction = MODBUS_WRITE;
	else
		return rule_error(parser, value.p, "expected read or write");
	t->has_access = true;
	if (table.len == 0)
		return 0;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (args_is_nocase(table, tables[i].name)) {
			t->table = tables[i].bits;
			if (t->direction == MODBUS_WRITE &&
			    (t->table & (MODBUS_DISCRETES | MODBUS_INPUT)))
				return rule_error(parser, table.p,
				    "this table cannot be written");
			return 0;
		}
	return rule_error(parser, table.p, "expected discretes, coils, input or holding");
}

static int
modbus_number(struct rule_parser *parser, struct span value, uint64_t max,
    struct number_test *ret, bool *ret_has)
{
	const struct number_test *test = number_read(parser, value, max);
	if (!test)
		return -EINVAL;
	*ret = *test;
	*ret_has = true;
	return 0;
}

static int
modbus_word(struct rule_parser *parser, struct span word, struct modbus_test *t)
{
	struct span name, value = word;
	(void)args_word(&value, &name);
	value = args_trim(value);
	if (args_is_nocase(name, "unit"))
		return modbus_number(parser, value, UINT8_MAX, &t->unit, &t->has_unit);
	if (args_is_nocase(name, "function"))
		return modbus_function(parser, value, t);
	if (args_is_nocase(name, "access"))
		return modbus_access(parser, value, t);
	if (args_is_nocase(name, "subfunction") && t->has_function) {
		uint64_t number;
		if (!args_uint(value, UINT16_MAX, &number))
			return rule_error(parser, value.p, "expected a sub-function code");
		t->has_subfunction = true;
		t->subfunction = (uint16_t)number;
		return 0;
	}
	if (args_is_nocase(name, "address") && t->table)
		return modbus_number(parser, value, 65536, &t->address, &t->has_address);
	if (args_is_nocase(name, "value") && t->has_address && t->direction == MODBUS_WRITE)
		return modbus_number(parser, value, UINT16_MAX, &t->value, &t->has_value);
	return rule_error(parser, word.p, "unknown here: \"%.*s\"", (int)name.len, name.p);
}

static int
modbus_parse(struct rule_parser *parser, struct span args, bool is_negated)
{
	struct modbus_test *t = rule_alloc(parser, sizeof(*t));
	struct span rest = args, word;
	if (rule_select_app(parser, PROTO_ID_modbus) < 0)
		return -EINVAL;
	while (args_next(&rest, ',', &word))
		if (modbus_word(parser, word, t) < 0)
			return -EINVAL;
	rule_add_tx(parser, &keyword_modbus, t);
	return 0;
}

const struct keyword keyword_modbus = {
	.name = "modbus",
	.args =
	    "[unit N,] function N | category [,subfunction N] | access read | write [table] "
	    "[,address N] [,value N]",
	.help = "what a Modbus request asks for",
	.example = "modbus:access write holding, address 500, value >200;",
	.url = "rules/modbus-keyword.html",
	.parse = modbus_parse,
	.match_tx = modbus_match,
};

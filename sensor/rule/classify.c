/* SPDX-License-Identifier: Apache-2.0 */
/* classification.config and reference.config: what classtype and reference stand for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "sensor/rule/args.h"
#include "sensor/rule/loader.h"

/*
 * The short names that public rule sets use. Three texts are those that readers of EVE compare
 * with; the others say the same in our words.
 */
static const struct {
	const char *name, *text;
	uint8_t priority;
} builtin[] = {
	{ "not-suspicious", "Nothing to worry about", 3 },
	{ "unknown", "Not known what it is", 3 },
	{ "bad-unknown", "Potentially Bad Traffic", 2 },
	{ "attempted-recon", "Somebody tries to gather information", 2 },
	{ "successful-recon-limited", "Some information was gathered", 2 },
	{ "successful-recon-largescale", "Much information was gathered", 2 },
	{ "attempted-dos", "Attempt to deny service", 2 },
	{ "successful-dos", "Service was denied", 2 },
	{ "attempted-user", "Attempt to gain a user's rights", 1 },
	{ "unsuccessful-user", "A user's rights were not gained", 1 },
	{ "successful-user", "A user's rights were gained", 1 },
	{ "attempted-admin", "Attempted Administrator Privilege Gain", 1 },
	{ "successful-admin", "An administrator's rights were gained", 1 },
	{ "rpc-portmap-decode", "Question to the RPC port mapper", 2 },
	{ "shellcode-detect", "Machine code where data belongs", 1 },
	{ "string-detect", "Suspicious text", 3 },
	{ "suspicious-filename-detect", "Suspicious file name", 2 },
	{ "suspicious-login", "Login with a suspicious user name", 2 },
	{ "system-call-detect", "System call in network data", 2 },
	{ "tcp-connection", "A TCP connection was opened", 4 },
	{ "trojan-activity", "Traffic of a trojan horse", 1 },
	{ "unusual-client-port-connection", "Client uses an unusual port", 2 },
	{ "network-scan", "Scanning of a network", 3 },
	{ "denial-of-service", "Attack on availability", 2 },
	{ "non-standard-protocol", "Protocol or event outside the standards", 2 },
	{ "protocol-command-decode", "Generic Protocol Command Decode", 3 },
	{ "web-application-activity", "Access to a web application that may be vulnerable", 2 },
	{ "web-application-attack", "Attack on a web application", 1 },
	{ "misc-activity", "Other activity", 3 },
	{ "misc-attack", "Other attack", 2 },
	{ "icmp-event", "ICMP event", 3 },
	{ "inappropriate-content", "Improper content", 1 },
	{ "policy-violation", "Against the operator's policy", 1 },
	{ "default-login-attempt", "Login with a maker's default account", 2 },
};

static int
class_add(struct rule_loader *loader, struct span name, struct span text, uint8_t priority)
{
	for (unsigned i = 0; i < loader->class_count; i++)
		if (span_caseeq(span_str(loader->classes[i].name), name))
			return 0; /* the first line of a name holds */
	if (loader->class_count == loader->class_cap) {
		unsigned cap = loader->class_cap ? loader->class_cap * 2 : 64;
		struct rule_class *grown = realloc(loader->classes, cap * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		loader->classes = grown;
		loader->class_cap = cap;
	}
	struct rule_class class = { .name = arena_str(loader->arena, name),
		.text = arena_str(loader->arena, text),
		.priority = priority };
	if (!class.name || !class.text)
		return -ENOMEM;
	loader->classes[loader->class_count++] = class;
	return 0;
}

void
classification_builtin(struct rule_loader *loader)
{
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++)
		(void)class_add(loader, span_str(builtin[i].name), span_str(builtin[i].text),
		    builtin[i].priority);
}

const struct rule_class *
loader_class(const struct rule_loader *loader, struct span name)
{
	for (unsigned i = 0; i < loader->class_count; i++)
		if (span_caseeq(span_str(loader->classes[i].name), name))
			return &loader->classes[i];
	return NULL;
}

const struct rule_class *
loader_class_unknown(struct rule_loader *loader, struct span name)
{
	if (class_add(loader, name, SPAN_NONE, 3) < 0)
		return NULL;
	return loader_class(loader, name);
}

/* "config classification: name,text,priority". The text may hold commas. */
static bool
class_line(struct rule_loader *loader, struct span line)
{
	struct span word, rest, name, text;
	args_cut(line, ':', &word, &rest);
	struct span first, second;
	struct span words = word;
	if (!args_word(&words, &first) || !args_word(&words, &second) ||
	    !args_is_nocase(first, "config") || !args_is_nocase(second, "classification") ||
	    !rest.p)
		return false;
	args_cut(rest, ',', &name, &text);
	size_t comma = text.len;
	while (comma && text.p[comma - 1] != ',')
		comma--;
	uint64_t priority;
	if (!comma || !args_uint(args_trim(span_from(text, comma)), 255, &priority) ||
	    !args_is_name(name))
		return false;
	return class_add(loader, name, args_trim(span_sub(text, 0, comma - 1)),
		   (uint8_t)priority) == 0;
}

int
classification_read(struct rule_loader *loader, const char *path, char **ret_error)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		if (asprintf(ret_error, "%s: cannot be read: %s", path, strerror(errno)) < 0)
			*ret_error = NULL;
		return -errno;
	}
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	for (ssize_t n; (n = getline(&line, &cap, file)) >= 0;) {
		struct span text = args_trim(span_of(line, (size_t)n));
		number++;
		if (text.len == 0 || text.p[0] == '#' || class_line(loader, text))
			continue;
		struct rule_refusal refusal = { .file =
						    arena_str(loader->arena, span_str(path)),
			.line = number,
			.column = 1,
			.keyword = "",
			.reason = "expected \"config classification: name,text,priority\"",
			.is_warning = true };
		loader_refuse(loader, &refusal);
	}
	free(line);
	fclose(file);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/* cmd_node.c - the nodes of the cluster, one of them, and what may run there. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <centro/text.h>

#include "call.h"
#include "cmd.h"
#include "output.h"
#include "show.h"
#include "table.h"
#include "text.h"

#define MIB UINT64_C(1048576)
/* Between two looks at a node that shall become empty. */
#define LOOK_AGAIN_MS 500

enum { DEADLINE = 1, REASON, WAIT };

static const struct flag flags[] = {
	{DEADLINE, "deadline", 0, "SPAN|now",
	 "drain: kill then what still runs, and run it elsewhere; without\nit, that may run to its "
	 "end"},
	{REASON, "reason", 0, "TEXT", "drain: why, for the record"},
	{WAIT, "wait", 0, NULL, "drain: return when nothing runs there any more"},
	{0},
};

static const char *name_of(const cJSON *node)
{
	return json_text(json_get(node, "info"), "name");
}

static void add_amounts(struct table *table, const cJSON *used, const cJSON *capacity)
{
	char of[32], all[32];
	table_add(table, TINT_NONE, "%g/%g", (double)json_u64(used, "cpu_milli") / 1000,
		  (double)json_u64(capacity, "cpu_milli") / 1000);
	table_add(table, TINT_NONE, "%s/%s",
		  centro_size_format(json_u64(used, "memory_mib") * MIB, of, sizeof(of)),
		  centro_size_format(json_u64(capacity, "memory_mib") * MIB, all, sizeof(all)));
}

static void add_row(struct table *table, const cJSON *node, bool is_wide)
{
	const cJSON *info = json_get(node, "info");
	const char *state = json_text(node, "state");
	uint64_t seen_ns = json_time_ns(node, "last_seen"), now_ns = text_now_ns();
	char age[32];

	table_add(table, TINT_NONE, "%s", json_text(node, "id"));
	table_add(table, TINT_NONE, "%s", name_of(node));
	table_add(table, TINT_NONE, "%s", json_text_or(info, "datacenter", "default"));
	table_add(table, tint_of_state(state), "%s", state);
	add_amounts(table, json_get(node, "used"), json_get(info, "capacity"));
	table_add(table, TINT_NONE, "%lld", (long long)json_int(node, "attempts"));
	if (seen_ns == 0)
		table_add(table, TINT_NONE, "%s", "");
	else
		table_add(table, TINT_NONE, "%s ago",
			  text_age(now_ns > seen_ns ? now_ns - seen_ns : 0, age, sizeof(age)));
	if (!is_wide)
		return;
	char *capacity = show_resources(json_get(info, "capacity"));
	table_add(table, TINT_NONE, "%s", capacity);
	free(capacity);
}

static void print_table(const struct cli *cli, const cJSON *nodes)
{
	static const char *const titles[] = {"ID",     "NAME",    "DATACENTER", "STATE",   "CPU",
					     "MEMORY", "RUNNING", "SEEN",       "CAPACITY"};
	const cJSON *node;
	struct table table;
	bool is_wide = cli->output == OUTPUT_WIDE;
	table_init(&table, titles, is_wide ? 9 : 8);
	cJSON_ArrayForEach(node, nodes) add_row(&table, node, is_wide);
	table_print(&table, cli);
	table_free(&table);
}

static void print_pairs(const char *title, const cJSON *pairs)
{
	const cJSON *pair;
	cJSON_ArrayForEach(pair, pairs)
	{
		printf("%-11s", pair == pairs->child ? title : "");
		text_write_escaped(stdout, pair->string);
		putchar('=');
		text_write_escaped(stdout, cJSON_IsString(pair) ? pair->valuestring : "");
		putchar('\n');
	}
}

static void print_time(const char *title, uint64_t ns)
{
	char text[32];
	if (ns > 0)
		printf("%-11s%s\n", title, text_time(ns, text, sizeof(text)));
}

static void print_text(const char *title, const char *text)
{
	if (!text[0])
		return;
	printf("%-11s", title);
	text_write_escaped(stdout, text);
	putchar('\n');
}

static void print_drain(const cJSON *drain)
{
	if (!drain)
		return;
	print_time("drained", json_time_ns(drain, "time"));
	print_time("deadline", json_time_ns(drain, "deadline"));
	print_text("by", json_text(drain, "who"));
	print_text("reason", json_text(drain, "reason"));
}

static void print_node(const struct cli *cli, const cJSON *nodes)
{
	const cJSON *info = json_get(nodes->child, "info");
	char *capacity = show_resources(json_get(info, "capacity"));
	print_table(cli, nodes);
	printf("\n%-11s%s\n", "capacity", capacity);
	print_drain(json_get(nodes->child, "drain"));
	print_pairs("label", json_get(info, "labels"));
	print_pairs("attribute", json_get(info, "attributes"));
	free(capacity);
}

static int keep(void *arg, cJSON *node)
{
	json_append(arg, node);
	return 0;
}

static void set_which(cJSON *request, const char *which)
{
	bool is_id = which[0] && which[strspn(which, "0123456789")] == '\0';
	json_set_text(request, is_id ? "id" : "name", which);
}

static int get(struct cli *cli, const char *which, cJSON *ret_nodes)
{
	cJSON *request = json_object(), *node;
	set_which(request, which);
	int code = cli_call(cli, "NodeService/Get", request, &node);
	if (code == 0)
		json_append(ret_nodes, node);
	return code;
}

/* ---- list, show ---- */

static int list(struct cli *cli, const struct args *args)
{
	cJSON *nodes = json_array();
	int code = cli_list(cli, "NodeService/List", json_object(), "nodes", 0, keep, nodes);
	if (code == 0 && !output_is_table(cli))
		output_print(cli, nodes, false, name_of);
	else if (code == 0)
		print_table(cli, nodes);
	cJSON_Delete(nodes);
	return code;
}

static int show(struct cli *cli, const struct args *args)
{
	cJSON *nodes = json_array();
	int code = get(cli, args->words[1], nodes);
	if (code == 0 && !output_is_table(cli))
		output_print(cli, nodes, true, name_of);
	else if (code == 0)
		print_node(cli, nodes);
	cJSON_Delete(nodes);
	return code;
}

/* ---- drain, undrain ---- */

/* What the flags say, as members of a request. */
static int set_flags(struct cli *cli, const struct args *args, cJSON *request, bool *ret_wait)
{
	for (size_t i = 0; i < args->flag_count; i++) {
		const struct arg *arg = &args->flags[i];
		struct centro_span span;
		if (arg->id == WAIT) {
			*ret_wait = true;
		} else if (arg->id == REASON) {
			json_set_text(request, "reason", arg->value);
		} else {
			const char *deadline = strcmp(arg->value, "now") == 0 ? "0s" : arg->value;
			if (centro_span_parse(deadline, &span) != CENTRO_OK)
				return cli_usage_error(cli,
						       "--deadline: %s is neither a time like "
						       "10m or 1h30m, nor now",
						       arg->value);
			json_set_text(request, "deadline", deadline);
		}
	}
	return 0;
}

static int change(struct cli *cli, const char *method, cJSON *request, const char *which,
		  cJSON *ret_nodes)
{
	cJSON *answer;
	set_which(request, which);
	int code = cli_call(cli, method, request, &answer);
	if (code != 0)
		return code;
	json_append(ret_nodes, cJSON_DetachItemFromObjectCaseSensitive(answer, "node"));
	cJSON_Delete(answer);
	return 0;
}

/* Until nothing is granted to it, or it takes jobs again. In `nodes` is what was seen last. */
static int wait_until_empty(struct cli *cli, const char *which, cJSON *nodes)
{
	while (json_int(nodes->child, "attempts") > 0 && json_get(nodes->child, "drain")) {
		const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000L};
		nanosleep(&pause, NULL);
		cJSON_DeleteItemFromArray(nodes, 0);
		int code = get(cli, which, nodes);
		if (code != 0)
			return code;
	}
	if (!json_get(nodes->child, "drain"))
		return cli_error(cli, EXIT_CLI_OTHER, "%s is not drained any more", which);
	return 0;
}

static int print_changed(struct cli *cli, const cJSON *nodes)
{
	if (!output_is_table(cli))
		output_print(cli, nodes, true, name_of);
	else
		puts(name_of(nodes->child));
	return 0;
}

static int drain(struct cli *cli, const struct args *args)
{
	cJSON *request = json_object(), *nodes = json_array();
	bool wants_wait = false;
	int code = set_flags(cli, args, request, &wants_wait);
	if (code == 0)
		code = change(cli, "NodeService/Drain", request, args->words[1], nodes);
	else
		cJSON_Delete(request);
	if (code == 0 && wants_wait)
		code = wait_until_empty(cli, args->words[1], nodes);
	if (code == 0)
		code = print_changed(cli, nodes);
	cJSON_Delete(nodes);
	return code;
}

static int undrain(struct cli *cli, const struct args *args)
{
	cJSON *nodes = json_array();
	int code = change(cli, "NodeService/Undrain", json_object(), args->words[1], nodes);
	if (code == 0)
		code = print_changed(cli, nodes);
	cJSON_Delete(nodes);
	return code;
}

/* ---------------- */

static const struct action {
	const char *name;
	size_t word_count; /* itself, and a node */
	bool has_flags;
	int (*run)(struct cli *cli, const struct args *args);
} actions[] = {
	{"list", 1, false, list},
	{"show", 2, false, show},
	{"drain", 2, true, drain},
	{"undrain", 2, false, undrain},
};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	}
	return NULL;
}

static int cmd_node(struct cli *cli, const struct args *args)
{
	const struct action *action = find_action(args->word_count > 0 ? args->words[0] : "");
	if (!action)
		return cli_usage_error(cli, "say: centro node list, or centro node show, drain or "
					    "undrain, and which node");
	if (args->word_count != action->word_count)
		return cli_usage_error(cli, action->word_count == 2
						    ? "which node? One, by its name or number"
						    : "list takes no argument");
	if (args->flag_count > 0 && !action->has_flags)
		return cli_usage_error(cli, "%s takes no flags of its own", action->name);
	return action->run(cli, args);
}

const struct verb verb_node = {
	.name = "node",
	.arguments = "list | show NODE | drain [flags] NODE | undrain NODE",
	.summary = "The nodes of the cluster, what they offer, and whether they take jobs.",
	.details =
		"NODE: a name or a number. A drained node gets nothing new, and stays drained "
		"over\n"
		"restarts of anything until it is undrained; what runs there may run to its end, "
		"or\n"
		"until the deadline: then it is killed as by a cancel, and run again elsewhere.\n",
	.flags = {flags},
	.run = cmd_node,
};

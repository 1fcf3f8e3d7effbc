/* SPDX-License-Identifier: MIT */
/* cmd_node.c - the nodes of the cluster, and one of them. */
#include <stdlib.h>
#include <string.h>

#include <centro/text.h>

#include "call.h"
#include "cmd.h"
#include "output.h"
#include "show.h"
#include "table.h"
#include "text.h"

#define MIB UINT64_C(1048576)

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

static void print_node(const struct cli *cli, const cJSON *nodes)
{
	const cJSON *info = json_get(nodes->child, "info");
	char *capacity = show_resources(json_get(info, "capacity"));
	print_table(cli, nodes);
	printf("\n%-11s%s\n", "capacity", capacity);
	print_pairs("label", json_get(info, "labels"));
	print_pairs("attribute", json_get(info, "attributes"));
	free(capacity);
}

static int keep(void *arg, cJSON *node)
{
	json_append(arg, node);
	return 0;
}

static int get(struct cli *cli, const char *which, cJSON *ret_nodes)
{
	cJSON *request = json_object(), *node;
	bool is_id = which[0] && which[strspn(which, "0123456789")] == '\0';
	json_set_text(request, is_id ? "id" : "name", which);
	int code = cli_call(cli, "NodeService/Get", request, &node);
	if (code == 0)
		json_append(ret_nodes, node);
	return code;
}

static int cmd_node(struct cli *cli, const struct args *args)
{
	const char *what = args->word_count > 0 ? args->words[0] : "";
	bool is_show = strcmp(what, "show") == 0;
	if (!is_show && strcmp(what, "list") != 0)
		return cli_usage_error(cli, "say: centro node list, or centro node show NAME");
	if (args->word_count != (is_show ? 2 : 1))
		return cli_usage_error(cli, is_show ? "which node? One, by its name or number"
						    : "list takes no argument");
	cJSON *nodes = json_array();
	int code =
		is_show ? get(cli, args->words[1], nodes)
			: cli_list(cli, "NodeService/List", json_object(), "nodes", 0, keep, nodes);
	if (code == 0 && !output_is_table(cli))
		output_print(cli, nodes, is_show, name_of);
	else if (code == 0 && is_show)
		print_node(cli, nodes);
	else if (code == 0)
		print_table(cli, nodes);
	cJSON_Delete(nodes);
	return code;
}

const struct verb verb_node = {
	.name = "node",
	.arguments = "list | show NAME",
	.summary = "The nodes of the cluster, and what they have to offer.",
	.run = cmd_node,
};

/* SPDX-License-Identifier: MIT */
/* cmd_node.c - the nodes, and one of them. */
#include <ctype.h>
#include <getopt.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "print.h"

static void cores(struct table *table, const cJSON *used, const cJSON *capacity)
{
	int free_of = json_int(used, "cpu_milli"), all = json_int(capacity, "cpu_milli");
	table_cell(table, "%g/%g", free_of / 1000.0, all / 1000.0);
}

static void print_nodes(const struct cli *cli, const cJSON *nodes)
{
	static const char *const titles[] = { "ID",  "NAME",   "DATACENTER", "STATE",
					      "CPU", "MEMORY", "ATTEMPTS",   "SEEN" };
	struct table table;
	const cJSON *node;
	table_init(&table, cli, titles, 8);
	cJSON_ArrayForEach(node, nodes)
	{
		char seen[32];
		const cJSON *info = json_member(node, "info");
		const cJSON *used = json_member(node, "used");
		const cJSON *capacity = json_member(info, "capacity");
		const char *datacenter = json_text(info, "datacenter");
		table_cell(&table, "%s", json_text(node, "id"));
		table_cell(&table, "%s", json_text(info, "name"));
		table_cell(&table, "%s", datacenter[0] ? datacenter : "default");
		table_cell(&table, "%s", json_text(node, "state"));
		cores(&table, used, capacity);
		table_cell(&table, "%.0f/%.0f MiB",
			   json_member(used, "memory_mib") ? json_member(used, "memory_mib")->valuedouble
							   : 0,
			   json_member(capacity, "memory_mib")
				   ? json_member(capacity, "memory_mib")->valuedouble
				   : 0);
		table_cell(&table, "%d", json_int(node, "attempts"));
		table_cell(&table, "%s ago",
			   print_age(json_time_ns(node, "last_seen"), print_now_ns(), seen,
				     sizeof(seen)));
	}
	table_print(&table);
}

static int list(struct cli *cli, cJSON *ret_nodes)
{
	char token[32] = "";
	do {
		cJSON *request = cJSON_CreateObject(), *answer, *node;
		cJSON_AddNumberToObject(request, "page_size", 1000);
		cJSON_AddStringToObject(request, "page_token", token);
		int code = cli_call(cli, "NodeService/List", request, true, &answer);
		if (code)
			return code;
		cJSON *nodes = cJSON_GetObjectItemCaseSensitive(answer, "nodes");
		while ((node = cJSON_DetachItemFromArray(nodes, 0)))
			cJSON_AddItemToArray(ret_nodes, node);
		snprintf(token, sizeof(token), "%s", json_text(answer, "next_page_token"));
		cJSON_Delete(answer);
	} while (token[0]);
	return 0;
}

static int get(struct cli *cli, const char *which, cJSON *ret_nodes)
{
	cJSON *request = cJSON_CreateObject(), *node;
	bool is_id = which[0] && strspn(which, "0123456789") == strlen(which);
	cJSON_AddStringToObject(request, is_id ? "id" : "name", which);
	int code = cli_call(cli, "NodeService/Get", request, true, &node);
	if (code == 0)
		cJSON_AddItemToArray(ret_nodes, node);
	return code;
}

static void print_pairs(const char *title, const cJSON *pairs)
{
	const cJSON *pair;
	cJSON_ArrayForEach(pair, pairs)
	{
		printf("%-12s%s=", title, pair->string);
		if (cJSON_IsString(pair))
			print_escaped(stdout, pair->valuestring);
		else
			printf("%.0f", pair->valuedouble);
		putchar('\n');
	}
}

static void print_result(const struct cli *cli, const cJSON *nodes, bool is_show)
{
	const cJSON *node;
	if (cli->quiet || cli->output == OUTPUT_NAME) {
		cJSON_ArrayForEach(node, nodes)
			puts(json_text(json_member(node, "info"), "name"));
		return;
	}
	if (cli->output != OUTPUT_TABLE && cli->output != OUTPUT_WIDE) {
		print_json(cli, is_show ? nodes->child : nodes);
		return;
	}
	print_nodes(cli, nodes);
	if (!is_show)
		return;
	const cJSON *info = json_member(nodes->child, "info");
	putchar('\n');
	print_pairs("label", json_member(info, "labels"));
	print_pairs("resource", json_member(json_member(info, "capacity"), "named"));
	print_pairs("attribute", json_member(info, "attributes"));
}

static int cmd_node(struct cli *cli, int argc, char **argv)
{
	struct args args;
	const char *value;
	args_begin(&args, cli, argc, argv);
	if (args_next(&args, &value) == ARGS_FAIL)
		return EXIT_CLI_USAGE;
	const char *what = optind < argc ? argv[optind] : "";
	bool is_show = strcmp(what, "show") == 0;
	if (!is_show && strcmp(what, "list") != 0)
		return cli_usage_error(cli, "say: centro node list, or centro node show NAME");
	if (argc - optind != (is_show ? 2 : 1))
		return cli_usage_error(cli, is_show ? "which node? One, by name or number"
						    : "list takes no argument");
	cJSON *nodes = cJSON_CreateArray();
	int code = is_show ? get(cli, argv[optind + 1], nodes) : list(cli, nodes);
	if (code == 0)
		print_result(cli, nodes, is_show);
	cJSON_Delete(nodes);
	return code;
}

const struct verb verb_node = {
	.name = "node",
	.arguments = "list | show NAME",
	.summary = "The nodes of the cluster, and what they have to offer.",
	.flags = { NULL },
	.run = cmd_node,
};

/* SPDX-License-Identifier: MIT */
/* servers.c - where the server is. */
#include "servers.h"

#include <stdlib.h>
#include <string.h>

#include "dev_file.h"

#define ADDRESS_DEFAULT "127.0.0.1:50051"

/* Takes `list` over. */
static int take_list(struct cli *cli, char *list, const char *origin)
{
	char *rest = NULL;
	cli->server_text = list;
	cli->server_origin = origin;
	for (char *one = strtok_r(list, ", ", &rest); one; one = strtok_r(NULL, ", ", &rest)) {
		if (cli->server_count == SERVERS_MAX)
			return cli_usage_error(cli, "%s: at most %d addresses", origin,
					       SERVERS_MAX);
		cli->servers[cli->server_count++] = one;
	}
	return 0;
}

int servers_find(struct cli *cli)
{
	if (cli->server_count > 0)
		return 0;
	const char *listed = getenv("CENTRO_SERVER_ADDR");
	if (listed && listed[strspn(listed, ", ")])
		return take_list(cli, need(strdup(listed)), "CENTRO_SERVER_ADDR");
	char *dev = dev_file_read();
	if (dev)
		return take_list(cli, dev, "dev.json");
	return take_list(cli, need(strdup(ADDRESS_DEFAULT)), "the default");
}

/* SPDX-License-Identifier: MIT */
#ifndef CLI_SERVERS_H
#define CLI_SERVERS_H

/*
 * Where the server is: --server, else CENTRO_SERVER_ADDR (a list with commas), else
 * where `centro dev` of this user is, else 127.0.0.1:50051.
 */

#include "cli.h"

/* Fills cli->servers unless flags have. 0, or the exit code: it has been said. */
int servers_find(struct cli *cli);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

/* The record of a job for people. */

#include "json.h"
#include "selector.h"

/* Of its instances those that `selector` names. */
void show_job(const struct cli *cli, const cJSON *job, const struct selector *selector);
/* "1.5 cores, 2.0 GiB, gpu=1"; what is not asked for is left out. On the heap. */
char *show_resources(const cJSON *resources);

#endif

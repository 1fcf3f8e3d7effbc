/* SPDX-License-Identifier: MIT */
/* cmd_dev.c - a whole cluster on this machine, to try things. */
#include <centro/text.h>

#include "cmd.h"
#include "dev.h"
#include "log_stderr.h"

#define MIB UINT64_C(1048576)

enum { PORT = 1, STORAGE, NAME, CPU, MEMORY, LOG_LEVEL };

static const struct flag flags[] = {
	{PORT, "port", 0, "PORT", "on 127.0.0.1; default: any free one"},
	{STORAGE, "storage", 0, "STORE",
	 "file:PATH or memory:; default: a file store that is\n"
	 "removed at the end"},
	{NAME, "name", 'n', "NAME", "the node's name; default: this machine's"},
	{CPU, "cpu", 'c', "CORES", "what the node offers; default: what this machine has"},
	{MEMORY, "memory", 'm', "SIZE", "the same"},
	{LOG_LEVEL, "log-level", 0, "LEVEL", "error, warn, info or debug; default: warn"},
	{0},
};

static int set_memory(struct dev *dev, const char *value)
{
	uint64_t bytes;
	if (centro_size_parse(value, &bytes) != CENTRO_OK || bytes < MIB ||
	    bytes / MIB > UINT32_MAX)
		return cli_usage_error(dev->cli, "--memory: \"%s\"; write a size like 4GiB", value);
	dev->agent_options.memory_mib = (uint32_t)(bytes / MIB);
	return 0;
}

static int set_port(struct dev *dev, const char *value)
{
	int64_t port;
	int code = args_parse_number(dev->cli, "port", value, 0, UINT16_MAX, &port);
	if (code == 0)
		dev->port = (uint16_t)port;
	return code;
}

static int set_flag(struct dev *dev, const struct arg *arg)
{
	switch (arg->id) {
	case PORT:
		return set_port(dev, arg->value);
	case STORAGE:
		dev->storage = arg->value;
		return 0;
	case NAME:
		dev->agent_options.name = arg->value;
		return 0;
	case CPU:
		if (centro_cpu_parse(arg->value, &dev->agent_options.cpu_milli) == CENTRO_OK)
			return 0;
		return cli_usage_error(dev->cli, "--cpu: \"%s\"; write cores like 4", arg->value);
	case MEMORY:
		return set_memory(dev, arg->value);
	default:
		if (log_level_parse(arg->value, &dev->log.level))
			return 0;
		return cli_usage_error(dev->cli,
				       "--log-level: \"%s\"; say error, warn, info or debug",
				       arg->value);
	}
}

static int cmd_dev(struct cli *cli, const struct args *args)
{
	struct dev dev = {
		.cli = cli,
		.log = log_stderr(CENTRO_LOG_WARN),
		.agent_options = CENTRO_AGENT_OPTIONS_INIT,
		.signal_fd = -1,
	};
	int code = 0;
	for (size_t i = 0; i < args->flag_count && code == 0; i++)
		code = set_flag(&dev, &args->flags[i]);
	if (code == 0 && (args->word_count > 0 || args->command))
		code = cli_usage_error(cli, "dev takes no argument; run things with: centro run");
	return code ? code : dev_run(&dev);
}

const struct verb verb_dev = {
	.name = "dev",
	.arguments = "[flags]",
	.summary = "Run a server and an agent on this machine, to try things.",
	.details = "Clients of the same user find it by themselves while CENTRO_SERVER_ADDR is "
		   "unset.\n",
	.flags = {flags},
	.run = cmd_dev,
};

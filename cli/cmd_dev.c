/* SPDX-License-Identifier: MIT */
/*
 * cmd_dev.c - a server and an agent in this process, to try things: a temporary
 * store, a free port, and the address where clients of this user look for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <centro/agent.h>
#include <centro/server.h>
#include <centro/text.h>

#include "cmd.h"
#include "dev_file.h"
#include "log_stderr.h"
#include "job_env.h"
#include "shim_path.h"
#include "signals.h"

#define STOP_LIMIT_TURNS 200 /* of at most 50 ms, until it ends anyway */

enum { PORT = 1, STORAGE, CPU, MEMORY, NAME, LOG_LEVEL };

static const struct flag flags[] = {
	{ PORT, "port", 0, "PORT", "on 127.0.0.1; default: any free one" },
	{ STORAGE, "storage", 0, "STORE", "file:PATH or memory:; default: a temporary file store" },
	{ CPU, "cpu", 0, "CORES", "that the node offers; default: what this machine has" },
	{ MEMORY, "memory", 0, "SIZE", "the same" },
	{ NAME, "name", 'n', "NAME", "the node's name; default: this machine's" },
	{ LOG_LEVEL, "log-level", 0, "LEVEL", "error, warn, info or debug; default: warn" },
	{ 0 },
};

struct dev {
	struct cli *cli;
	char folder[256]; /* temporary; "": none yet */
	char storage[300];
	char listen[32];
	char shim[4096];
	struct centro_log log;
	struct centro_server_options server_options;
	struct centro_agent_options agent_options;
	struct centro_server *server;
	struct centro_agent *agent;
	int signal_fd;
};

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	return remove(path);
}

static int make_folder(struct dev *dev)
{
	const char *base = getenv("TMPDIR");
	snprintf(dev->folder, sizeof(dev->folder), "%s/centro-dev-XXXXXX",
		 base && base[0] == '/' && strlen(base) < 200 ? base : "/tmp");
	if (mkdtemp(dev->folder))
		return 0;
	int code = cli_error(dev->cli, EXIT_CLI_OTHER, "%s: %s", dev->folder, strerror(errno));
	dev->folder[0] = '\0';
	return code;
}

static int find_shim(struct dev *dev)
{
	if (shim_path_find(dev->shim, sizeof(dev->shim)))
		return 0;
	return cli_error(dev->cli, EXIT_CLI_OTHER, "centro-shim is not beside this program");
}

static int open_server(struct dev *dev)
{
	static const char *listen[1];
	struct centro_error_text text;
	listen[0] = dev->listen;
	if (!dev->server_options.storage) {
		snprintf(dev->storage, sizeof(dev->storage), "file:%s/store", dev->folder);
		dev->server_options.storage = dev->storage;
	}
	dev->server_options.listen = listen;
	dev->server_options.listen_count = 1;
	dev->server_options.log = &dev->log;
	if (centro_server_new(&dev->server_options, &dev->server, &text) != CENTRO_OK)
		return cli_error(dev->cli, EXIT_CLI_OTHER, "%s", text.text);
	return 0;
}

static int open_agent(struct dev *dev)
{
	static char state[300];
	static const char *servers[1];
	static struct job_env env;
	struct centro_error_text text;
	job_env_collect(&env);
	dev->agent_options.env = env.items;
	dev->agent_options.env_count = env.count;
	servers[0] = centro_server_address(dev->server, 0);
	snprintf(state, sizeof(state), "%s/agent", dev->folder);
	dev->agent_options.servers = servers;
	dev->agent_options.server_count = 1;
	dev->agent_options.state_dir = state;
	dev->agent_options.shim = dev->shim;
	dev->agent_options.log = &dev->log;
	if (centro_agent_new(&dev->agent_options, &dev->agent, &text) != CENTRO_OK)
		return cli_error(dev->cli, EXIT_CLI_OTHER, "%s", text.text);
	return 0;
}

static int shorter_ms(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* One turn of both; true: a signal came. */
static bool turn(struct dev *dev, int limit_ms, int *ret_error)
{
	struct pollfd waits[] = { { .fd = centro_server_fd(dev->server), .events = POLLIN },
				  { .fd = centro_agent_fd(dev->agent), .events = POLLIN },
				  { .fd = dev->signal_fd, .events = POLLIN } };
	int timeout_ms = shorter_ms(centro_server_timeout_ms(dev->server),
				    centro_agent_timeout_ms(dev->agent));
	poll(waits, 3, shorter_ms(timeout_ms, limit_ms));
	*ret_error = centro_server_dispatch(dev->server);
	int agent_error = centro_agent_dispatch(dev->agent);
	if (*ret_error == CENTRO_OK)
		*ret_error = agent_error;
	return signals_take(dev->signal_fd) > 0;
}

static void print_welcome(const struct dev *dev)
{
	fprintf(stderr,
		"A server and an agent are running on %s.\n"
		"In another terminal of this user:\n"
		"  centro run -- echo hi\n"
		"  centro ps\n"
		"Ctrl-C ends both%s.\n",
		centro_server_address(dev->server, 0),
		dev->server_options.storage == dev->storage ? ", and forgets everything" : "");
}

static int serve(struct dev *dev)
{
	int error = CENTRO_OK, code = 0;
	bool is_stopping = false, is_announced = false;
	for (int turns = 0; turns < STOP_LIMIT_TURNS; turns += is_stopping) {
		bool is_signalled = turn(dev, is_stopping ? 50 : -1, &error);
		if (error)
			return cli_error(dev->cli, EXIT_CLI_OTHER, "%s", centro_error_help(error));
		if (!is_announced && centro_agent_is_registered(dev->agent)) {
			is_announced = true;
			code = dev_file_write(dev->cli, centro_server_address(dev->server, 0));
			if (code)
				return code;
			print_welcome(dev);
		}
		if (is_stopping && is_signalled)
			break;
		if (is_signalled)
			centro_agent_stop(dev->agent);
		is_stopping = is_stopping || is_signalled;
		if (is_stopping && centro_agent_attempts(dev->agent) == 0)
			break;
	}
	return 0;
}

static int run_dev(struct dev *dev)
{
	int code = make_folder(dev);
	if (!code)
		code = find_shim(dev);
	dev->signal_fd = signals_open();
	if (!code)
		code = open_server(dev);
	if (!code)
		code = open_agent(dev);
	if (!code)
		code = serve(dev);
	dev_file_remove(dev->cli);
	centro_agent_free(dev->agent);
	centro_server_free(dev->server);
	if (dev->folder[0])
		nftw(dev->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	return code;
}

static int set_memory(struct dev *dev, const char *value)
{
	uint64_t bytes;
	if (centro_size_parse(value, &bytes) != CENTRO_OK || bytes / 1048576 == 0 ||
	    bytes / 1048576 > UINT32_MAX)
		return cli_usage_error(dev->cli, "--memory: \"%s\"; write a size like 4GiB", value);
	dev->agent_options.memory_mib = (uint32_t)(bytes / 1048576);
	return 0;
}

static int set_flag(struct dev *dev, int id, const char *value)
{
	char *end;
	long port;
	switch (id) {
	case PORT:
		port = strtol(value, &end, 10);
		if (*end || end == value || port < 0 || port > 65535)
			return cli_usage_error(dev->cli, "--port: \"%s\" is not a port", value);
		snprintf(dev->listen, sizeof(dev->listen), "127.0.0.1:%ld", port);
		return 0;
	case STORAGE:
		dev->server_options.storage = value;
		return 0;
	case CPU:
		if (centro_cpu_parse(value, &dev->agent_options.cpu_milli) != CENTRO_OK)
			return cli_usage_error(dev->cli, "--cpu: \"%s\"; write cores like 4", value);
		return 0;
	case MEMORY:
		return set_memory(dev, value);
	case NAME:
		dev->agent_options.name = value;
		return 0;
	default:
		if (!log_level_parse(value, &dev->log.level))
			return cli_usage_error(dev->cli,
					       "--log-level: \"%s\"; say error, warn, info or debug",
					       value);
		return 0;
	}
}

static int cmd_dev(struct cli *cli, int argc, char **argv)
{
	struct args args;
	struct dev dev = { .cli = cli, .log = log_stderr(CENTRO_LOG_WARN), .listen = "127.0.0.1:0",
			   .server_options = CENTRO_SERVER_OPTIONS_INIT,
			   .agent_options = CENTRO_AGENT_OPTIONS_INIT };
	const char *value;
	int id, code = 0;
	args_begin(&args, cli, argc, argv);
	while ((id = args_next(&args, &value)) > 0 && code == 0)
		code = set_flag(&dev, id, value);
	if (code == 0 && id == ARGS_FAIL)
		code = EXIT_CLI_USAGE;
	if (code == 0 && optind < argc)
		code = cli_usage_error(cli, "what is \"%s\" for?", argv[optind]);
	return code ? code : run_dev(&dev);
}

const struct verb verb_dev = {
	.name = "dev",
	.arguments = "[flags]",
	.summary = "Run a server and an agent on this machine, to try things.",
	.details = "Clients of the same user find it by themselves while CENTRO_SERVER_ADDR is unset.\n",
	.flags = { flags },
	.run = cmd_dev,
};

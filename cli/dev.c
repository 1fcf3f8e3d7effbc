/* SPDX-License-Identifier: MIT */
/*
 * dev.c - a server and an agent in one loop.
 *
 * Commands must not outlive it, however it ends: on a signal, and when the server
 * fails, the agent kills what runs before anything is freed.
 */
#include "dev.h"

#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dev_file.h"
#include "job_env.h"
#include "shim_path.h"
#include "signals.h"

#define FILES_AT_ONCE 16
/* Longer than the default grace; a job with a longer one is left to its shim. */
#define STOP_LIMIT_MS 20000
#define STOP_TURN_MS  50
/* The last reports of an agent reach the store in that time. */
#define FLUSH_TURNS 4

static const char file_prefix[] = "file:";

/* ---- what is temporary ---- */

static int make_folder(struct dev *dev)
{
	const char *base = getenv("TMPDIR");
	bool is_fit = base && base[0] == '/' && strlen(base) < sizeof(dev->folder) - 32;
	snprintf(dev->folder, sizeof(dev->folder), "%s/centro-dev-XXXXXX", is_fit ? base : "/tmp");
	if (mkdtemp(dev->folder))
		return 0;
	int code = cli_error(dev->cli, EXIT_CLI_OTHER, "%s: %s", dev->folder, strerror(errno));
	dev->folder[0] = '\0';
	return code;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
	return remove(path);
}

static void remove_folder(const struct dev *dev)
{
	if (dev->folder[0])
		nftw(dev->folder, remove_entry, FILES_AT_ONCE, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* ---- both ends ---- */

static int open_server(struct dev *dev)
{
	char storage[300], listen[32];
	const char *listens[] = {listen};
	struct centro_error_text text;
	struct centro_server_options options = CENTRO_SERVER_OPTIONS_INIT;

	snprintf(listen, sizeof(listen), "127.0.0.1:%u", dev->port);
	snprintf(storage, sizeof(storage), "%s%s/store", file_prefix, dev->folder);
	options.storage = dev->storage ? dev->storage : storage;
	options.listen = listens;
	options.listen_count = 1;
	options.log = &dev->log;
	if (centro_server_new(&options, &dev->server, &text) != CENTRO_OK)
		return cli_error(dev->cli, EXIT_CLI_OTHER, "%s", text.text);
	return 0;
}

/* Beside a store that is kept: the node's name belongs to the agent that is kept there. */
static char *agent_folder(const struct dev *dev)
{
	char *path = NULL;
	size_t prefix = sizeof(file_prefix) - 1;
	bool is_kept = dev->storage && strncmp(dev->storage, file_prefix, prefix) == 0;
	int size = is_kept ? asprintf(&path, "%s.agent", dev->storage + prefix)
			   : asprintf(&path, "%s/agent", dev->folder);
	return size < 0 ? need(NULL) : path;
}

static int open_agent(struct dev *dev)
{
	char shim[4096];
	const char *servers[] = {centro_server_address(dev->server, 0)};
	struct job_env env;
	struct centro_error_text text;
	struct centro_agent_options *options = &dev->agent_options;

	if (!shim_path_find(shim, sizeof(shim)))
		return cli_error(dev->cli, EXIT_CLI_OTHER,
				 "centro-shim is not beside this program");
	char *folder = agent_folder(dev);
	job_env_collect(&env);
	options->env = env.items;
	options->env_count = env.count;
	options->servers = servers;
	options->server_count = 1;
	options->state_dir = folder;
	options->shim = shim;
	options->log = &dev->log;
	int status = centro_agent_new(options, &dev->agent, &text);
	free(folder);
	return status ? cli_error(dev->cli, EXIT_CLI_OTHER, "%s", text.text) : 0;
}

static int open_signals(struct dev *dev)
{
	dev->signal_fd = signals_open_at_terminal();
	if (dev->signal_fd < 0)
		return cli_error(dev->cli, EXIT_CLI_OTHER, "signalfd: %s", strerror(errno));
	return 0;
}

/* ---- turns ---- */

static int shorter_ms(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* One turn of both. True: a signal came. */
static bool turn(struct dev *dev, int limit_ms, int *ret_error)
{
	struct pollfd fds[] = {
		{.fd = centro_server_fd(dev->server), .events = POLLIN},
		{.fd = centro_agent_fd(dev->agent), .events = POLLIN},
		{.fd = dev->signal_fd, .events = POLLIN},
	};
	int timeout_ms = shorter_ms(centro_server_timeout_ms(dev->server),
				    centro_agent_timeout_ms(dev->agent));
	poll(fds, sizeof(fds) / sizeof(fds[0]), shorter_ms(timeout_ms, limit_ms));

	int error = centro_server_dispatch(dev->server);
	int agent_error = centro_agent_dispatch(dev->agent);
	*ret_error = error ? error : agent_error;
	return signals_take(dev->signal_fd) > 0;
}

static int announce(struct dev *dev)
{
	const char *address = centro_server_address(dev->server, 0);
	int code = dev_file_write(dev->cli, address);
	if (code)
		return code;
	dev->is_announced = true;
	fprintf(stderr,
		"A server and an agent are running, at %s.\n"
		"In another terminal:\n"
		"  centro run -- echo hi\n"
		"  centro ps -a\n"
		"Ctrl-C ends both%s.\n",
		address, dev->storage ? "" : ", and forgets everything");
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Kill what runs, and let the ends of it be recorded. A second signal ends the waiting. */
static void stop(struct dev *dev)
{
	uint64_t limit_ms = now_ms() + STOP_LIMIT_MS;
	bool is_signalled = false;
	int error;
	centro_agent_stop(dev->agent);
	while (centro_agent_attempts(dev->agent) > 0 && !is_signalled && now_ms() < limit_ms)
		is_signalled = turn(dev, STOP_TURN_MS, &error);
	for (int i = 0; i < FLUSH_TURNS && !is_signalled; i++)
		is_signalled = turn(dev, STOP_TURN_MS / FLUSH_TURNS, &error);
}

static int serve(struct dev *dev)
{
	int error = CENTRO_OK, code = 0;
	bool is_signalled = false;
	while (!is_signalled && !error && code == 0) {
		is_signalled = turn(dev, -1, &error);
		if (!error && !dev->is_announced && centro_agent_is_registered(dev->agent))
			code = announce(dev);
	}
	stop(dev);
	return error ? cli_error(dev->cli, EXIT_CLI_OTHER, "%s", centro_error_help(error)) : code;
}

int dev_run(struct dev *dev)
{
	int code = open_signals(dev);
	if (code == 0)
		code = make_folder(dev);
	if (code == 0)
		code = open_server(dev);
	if (code == 0)
		code = open_agent(dev);
	if (code == 0)
		code = serve(dev);
	if (dev->is_announced)
		dev_file_remove();
	centro_agent_free(dev->agent);
	centro_server_free(dev->server);
	remove_folder(dev);
	if (dev->signal_fd >= 0)
		close(dev->signal_fd);
	return code;
}

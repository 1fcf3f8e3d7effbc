/* SPDX-License-Identifier: MIT */
/*
 * centro_agent.c - the agent: flags and a config file in, centro/agent.h, signals.
 *
 * SIGTERM and SIGINT end it and leave its jobs running, for the next agent with
 * the same state directory, unless --stop-jobs-on-exit was given.
 */
#include <centro/agent.h>
#include <centro/text.h>
#include <centro/version.h>

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "job_env.h"
#include "log_stderr.h"
#include "shim_path.h"
#include "signals.h"

#define LIST_MAX         64
#define STOP_LIMIT_TURNS 600 /* of at most 100 ms */

static const char usage[] =
	"Usage: centro-agent [flags]\n"
	"\n"
	"Offers this machine to a Centro server as a node, and runs the jobs it gets.\n"
	"\n"
	"  --server ADDRESS       HOST:PORT or unix:PATH; may be repeated. Default:\n"
	"                         CENTRO_SERVER_ADDR, else 127.0.0.1:50051\n"
	"  --name NAME            of the node, unique in the cluster. Default: the host's name\n"
	"  --datacenter NAME      Default: default\n"
	"  --label KEY=VALUE      may be repeated\n"
	"  --cpu CORES            that it offers to jobs. Default: all there are\n"
	"  --memory SIZE, --disk SIZE\n"
	"                         the same\n"
	"  --resource NAME=N      any other resource, such as gpu=2; may be repeated\n"
	"  --state-dir DIR        what must outlive the agent: running attempts, output.\n"
	"                         Default: /var/lib/centro-agent as root, else\n"
	"                         ~/.local/state/centro-agent\n"
	"  --shim PATH            centro-shim. Default: beside this program\n"
	"  --stop-jobs-on-exit    kill what runs at the end; else it goes on, and the next\n"
	"                         agent with the same state directory finds it again\n"
	"  --log-limit SIZE       of each output stream of an attempt. Default: 1GiB\n"
	"  --log-retention TIME   of the output of ended attempts. Default: 24h\n"
	"  --config FILE          YAML: any of these flags without the dashes\n"
	"  --log-level LEVEL      error, warn, info or debug. Default: info\n"
	"  --version, --help\n";

struct settings {
	struct centro_agent_options agent;
	const char *servers[LIST_MAX];
	const char *labels[LIST_MAX];
	const char *named[LIST_MAX];
	uint32_t named_amount[LIST_MAX];
	struct centro_log log;
	bool stop_jobs;
};

enum {
	SERVER = DAEMON_OWN,
	NAME,
	DATACENTER,
	LABEL,
	CPU,
	MEMORY,
	DISK,
	RESOURCE,
	STATE_DIR,
	SHIM,
	STOP_JOBS,
	LOG_LIMIT,
	LOG_RETENTION,
	LOG_LEVEL,
};

static const struct option options[] = {
	{"server", required_argument, NULL, SERVER},
	{"name", required_argument, NULL, NAME},
	{"datacenter", required_argument, NULL, DATACENTER},
	{"label", required_argument, NULL, LABEL},
	{"cpu", required_argument, NULL, CPU},
	{"memory", required_argument, NULL, MEMORY},
	{"disk", required_argument, NULL, DISK},
	{"resource", required_argument, NULL, RESOURCE},
	{"state-dir", required_argument, NULL, STATE_DIR},
	{"shim", required_argument, NULL, SHIM},
	{"stop-jobs-on-exit", no_argument, NULL, STOP_JOBS},
	{"log-limit", required_argument, NULL, LOG_LIMIT},
	{"log-retention", required_argument, NULL, LOG_RETENTION},
	{"log-level", required_argument, NULL, LOG_LEVEL},
	DAEMON_OPTIONS,
};

/* ---- one setting ---- */

static int add(const char **list, size_t *count, const char *value, struct centro_error_text *text)
{
	if (*count == LIST_MAX)
		return daemon_wrong(text, value, "one too many; at most 64");
	list[(*count)++] = value;
	return CENTRO_OK;
}

static int set_mib(const char *value, uint32_t *ret_mib, struct centro_error_text *text)
{
	uint64_t bytes;
	if (centro_size_parse(value, &bytes) != CENTRO_OK || bytes < 1048576 ||
	    bytes / 1048576 > UINT32_MAX)
		return daemon_wrong(text, value, "not a size; write it like 16GiB");
	*ret_mib = (uint32_t)(bytes / 1048576);
	return CENTRO_OK;
}

/* NAME=N; `value` is ours to cut. */
static int add_resource(struct settings *settings, char *value, struct centro_error_text *text)
{
	char *equals = strchr(value, '='), *end;
	errno = 0;
	unsigned long long amount = equals ? strtoull(equals + 1, &end, 10) : 0;
	if (!equals || equals == value || errno || *end || end == equals + 1 || amount > UINT32_MAX)
		return daemon_wrong(text, value, "write a resource like gpu=2");
	if (settings->agent.named_count == LIST_MAX)
		return daemon_wrong(text, value, "one too many; at most 64");
	*equals = '\0';
	settings->named[settings->agent.named_count] = value;
	settings->named_amount[settings->agent.named_count++] = (uint32_t)amount;
	return CENTRO_OK;
}

static int set(void *arg, int option, char *value, struct centro_error_text *text)
{
	struct settings *settings = arg;
	struct centro_agent_options *agent = &settings->agent;
	switch (option) {
	case SERVER:
		return add(settings->servers, &agent->server_count, value, text);
	case NAME:
		agent->name = value;
		return CENTRO_OK;
	case DATACENTER:
		agent->datacenter = value;
		return CENTRO_OK;
	case LABEL:
		return add(settings->labels, &agent->label_count, value, text);
	case CPU:
		return centro_cpu_parse(value, &agent->cpu_milli) == CENTRO_OK
			       ? CENTRO_OK
			       : daemon_wrong(text, value, "write cores like 4 or 0.5");
	case MEMORY:
		return set_mib(value, &agent->memory_mib, text);
	case DISK:
		return set_mib(value, &agent->disk_mib, text);
	case RESOURCE:
		return add_resource(settings, value, text);
	case STATE_DIR:
		agent->state_dir = value;
		return CENTRO_OK;
	case SHIM:
		agent->shim = value;
		return CENTRO_OK;
	case LOG_LIMIT:
		return centro_size_parse(value, &agent->log_bytes_max) == CENTRO_OK
			       ? CENTRO_OK
			       : daemon_wrong(text, value, "write a size like 1GiB");
	case LOG_RETENTION:
		return centro_span_parse(value, &agent->log_retention) == CENTRO_OK
			       ? CENTRO_OK
			       : daemon_wrong(text, value, "write a time like 24h");
	case STOP_JOBS:
		settings->stop_jobs = true;
		return CENTRO_OK;
	default:
		return log_level_parse(value, &settings->log.level)
			       ? CENTRO_OK
			       : daemon_wrong(text, value, "say error, warn, info or debug");
	}
}

static void servers_from_environment(struct settings *settings)
{
	const char *listed = getenv("CENTRO_SERVER_ADDR");
	char *list = listed && settings->agent.server_count == 0 ? strdup(listed) : NULL,
	     *rest = NULL;
	struct centro_error_text text;
	for (char *one = list ? strtok_r(list, ", ", &rest) : NULL; one;
	     one = strtok_r(NULL, ", ", &rest)) {
		if (add(settings->servers, &settings->agent.server_count, one, &text) != CENTRO_OK)
			break;
	}
}

static bool default_state_dir(struct settings *settings)
{
	static char path[4096];
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (settings->agent.state_dir)
		return true;
	settings->agent.state_dir = path;
	if (getuid() == 0) {
		snprintf(path, sizeof(path), "/var/lib/centro-agent");
		return true;
	}
	if (state && state[0] == '/') {
		snprintf(path, sizeof(path), "%s/centro-agent", state);
		return true;
	}
	if (!home || home[0] != '/')
		return false;
	snprintf(path, sizeof(path), "%s/.local", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/.local/state", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/.local/state/centro-agent", home);
	return true;
}

static int read_settings(struct settings *settings, int argc, char **argv)
{
	static char shim[4096];
	static struct daemon daemon = {
		.program = "centro-agent", .usage = usage, .options = options, .set = set};
	settings->agent = (struct centro_agent_options)CENTRO_AGENT_OPTIONS_INIT;
	settings->log = log_stderr(CENTRO_LOG_INFO);
	daemon.arg = settings;
	int status = daemon_read_settings(&daemon, argc, argv);
	if (status != DAEMON_GO_ON)
		return status;
	servers_from_environment(settings);
	if (!default_state_dir(settings))
		return daemon_usage_error(&daemon, "--state-dir is missing, and there is no HOME",
					  NULL);
	if (!settings->agent.shim) {
		if (!shim_path_find(shim, sizeof(shim)))
			return daemon_usage_error(
				&daemon, "centro-shim is not beside this program; say --shim PATH",
				NULL);
		settings->agent.shim = shim;
	}
	settings->agent.servers = settings->servers;
	settings->agent.labels = settings->labels;
	settings->agent.named = settings->named;
	settings->agent.named_amount = settings->named_amount;
	settings->agent.log = &settings->log;
	return DAEMON_GO_ON;
}

/* ---- running ---- */

/* One turn. The number of signals that came. */
static int turn(struct centro_agent *agent, int signal_fd, int limit_ms, int *ret_error)
{
	struct pollfd waits[] = {{.fd = centro_agent_fd(agent), .events = POLLIN},
				 {.fd = signal_fd, .events = POLLIN}};
	int timeout_ms = centro_agent_timeout_ms(agent);
	if (limit_ms >= 0 && (timeout_ms < 0 || timeout_ms > limit_ms))
		timeout_ms = limit_ms;
	poll(waits, 2, timeout_ms);
	*ret_error = centro_agent_dispatch(agent);
	return signals_take(signal_fd);
}

static int serve(struct centro_agent *agent, const struct settings *settings, int signal_fd)
{
	int error = CENTRO_OK;
	while (turn(agent, signal_fd, -1, &error) == 0) {
		if (!error)
			continue;
		fprintf(stderr, "centro-agent: the server refuses this node: %s\n",
			centro_error_help(error));
		return EXIT_FAILURE;
	}
	size_t left = centro_agent_attempts(agent);
	if (!settings->stop_jobs) {
		if (left)
			fprintf(stderr,
				"centro-agent: %zu attempts go on; an agent with the same state "
				"directory finds them again\n",
				left);
		return EXIT_SUCCESS;
	}
	centro_agent_stop(agent);
	for (int turns = 0; centro_agent_attempts(agent) > 0 && turns < STOP_LIMIT_TURNS; turns++) {
		if (turn(agent, signal_fd, 100, &error) > 0)
			break;
	}
	return EXIT_SUCCESS;
}

/* One descriptor for each running attempt. Commands get the usual limit again. */
static void raise_file_limit(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)!setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
	static struct settings settings;
	static struct job_env env;
	int status = read_settings(&settings, argc, argv);
	if (status != DAEMON_GO_ON)
		return status;
	job_env_collect(&env);
	settings.agent.env = env.items;
	settings.agent.env_count = env.count;
	raise_file_limit();
	int signal_fd = signals_open();
	struct centro_agent *agent;
	struct centro_error_text text;
	if (centro_agent_new(&settings.agent, &agent, &text) != CENTRO_OK) {
		fprintf(stderr, "centro-agent: %s\n", text.text);
		return EXIT_FAILURE;
	}
	status = serve(agent, &settings, signal_fd);
	centro_agent_free(agent);
	close(signal_fd);
	return status;
}

/* SPDX-License-Identifier: MIT */
/*
 * centrod.c - the server: flags and a config file in, centro/server.h, signals.
 *
 * SIGTERM and SIGINT drain: no new calls, those in flight end, the store is
 * closed. A second one ends at once.
 */
#include <centro/server.h>
#include <centro/text.h>
#include <centro/version.h>

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "log_stderr.h"
#include "signals.h"

#define LISTEN_MAX 16
#define QUEUES_MAX 1000

static const char usage[] =
	"Usage: centrod --storage STORE [--listen ADDRESS]...\n"
	"\n"
	"The Centro server: keeps jobs and nodes in STORE, and answers on ADDRESS.\n"
	"\n"
	"  --storage STORE        file:PATH, a directory made if it is missing; or memory:,\n"
	"                         which forgets everything at the end\n"
	"  --listen ADDRESS       HOST:PORT or unix:PATH; may be repeated; port 0 is any\n"
	"                         free one. Default: 127.0.0.1:50051\n"
	"  --insecure             allow addresses that are not loopback: whoever reaches\n"
	"                         them may do everything\n"
	"  --storage-size SIZE    the store's largest size. Default: 16GiB\n"
	"  --queue NAME[:WEIGHT[:PRIORITY]]\n"
	"                         a queue besides \"default\"; may be repeated\n"
	"  --order ORDER          fill: a job that does not fit is passed over; fifo: nothing\n"
	"                         behind it starts. Default: fill\n"
	"  --node-timeout TIME    silence until a node is down. Default: 60s\n"
	"  --quarantine-after N   attempts in a row, of different jobs, that a node could not\n"
	"                         start until it is drained; 0: never. Default: 5\n"
	"  --connections-max N    Default: 10000\n"
	"  --jobs-max N           jobs that have not ended. Default: 4000000\n"
	"  --history-keep N       jobs that have ended and are kept; 0: no limit. Default: 1000000\n"
	"  --history-age TIME     for so long after their end; 0: no limit. Default: 30d\n"
	"  --drain-limit TIME     for calls in flight at the end. Default: 10s\n"
	"  --record FILE          record all that the scheduler is given in a new FILE, for\n"
	"                         centro sim --replay. It holds the jobs' environment\n"
	"  --record-bytes SIZE    the recording stops there. Default: 1GiB\n"
	"  --events-keep N        events that can be read back. Default: 1000000\n"
	"  --events-age TIME      and how old they may be. Default: 7d\n"
	"  --config FILE          YAML: any of these flags without the dashes, such as\n"
	"                         \"storage: file:/var/lib/centro\"; a flag wins over the file\n"
	"  --log-level LEVEL      error, warn, info or debug. Default: info\n"
	"  --version, --help\n"
	"\n"
	"SIGTERM drains and ends; running jobs go on and report when a server is back.\n"
	"For a server and an agent in one command, to try things: centro dev\n";

struct settings {
	struct centro_server_options server;
	const char *listen[LISTEN_MAX];
	const char *queues[QUEUES_MAX];
	uint32_t queue_weights[QUEUES_MAX];
	int32_t queue_priorities[QUEUES_MAX];
	struct centro_log log;
};

enum {
	STORAGE = DAEMON_OWN,
	LISTEN,
	INSECURE,
	STORAGE_SIZE,
	QUEUE,
	ORDER,
	NODE_TIMEOUT,
	QUARANTINE_AFTER,
	CONNECTIONS_MAX,
	JOBS_MAX,
	HISTORY_KEEP,
	HISTORY_AGE,
	DRAIN_LIMIT,
	RECORD,
	RECORD_BYTES,
	EVENTS_KEEP,
	EVENTS_AGE,
	LOG_LEVEL,
};

static const struct option options[] = {
	{"storage", required_argument, NULL, STORAGE},
	{"listen", required_argument, NULL, LISTEN},
	{"insecure", no_argument, NULL, INSECURE},
	{"storage-size", required_argument, NULL, STORAGE_SIZE},
	{"queue", required_argument, NULL, QUEUE},
	{"order", required_argument, NULL, ORDER},
	{"node-timeout", required_argument, NULL, NODE_TIMEOUT},
	{"quarantine-after", required_argument, NULL, QUARANTINE_AFTER},
	{"connections-max", required_argument, NULL, CONNECTIONS_MAX},
	{"jobs-max", required_argument, NULL, JOBS_MAX},
	{"history-keep", required_argument, NULL, HISTORY_KEEP},
	{"history-age", required_argument, NULL, HISTORY_AGE},
	{"drain-limit", required_argument, NULL, DRAIN_LIMIT},
	{"record", required_argument, NULL, RECORD},
	{"record-bytes", required_argument, NULL, RECORD_BYTES},
	{"events-keep", required_argument, NULL, EVENTS_KEEP},
	{"events-age", required_argument, NULL, EVENTS_AGE},
	{"log-level", required_argument, NULL, LOG_LEVEL},
	DAEMON_OPTIONS,
};

/* ---- one setting ---- */

static int set_span(const char *value, struct centro_span *ret_span, struct centro_error_text *text)
{
	if (centro_span_parse(value, ret_span) == CENTRO_OK && ret_span->ns > 0)
		return CENTRO_OK;
	return daemon_wrong(text, value, "not a time; write it like 60s, 1m30s or 500ms");
}

static int set_size(const char *value, uint64_t *ret_bytes, struct centro_error_text *text)
{
	if (centro_size_parse(value, ret_bytes) == CENTRO_OK)
		return CENTRO_OK;
	return daemon_wrong(text, value, "not a size; write it like 16GiB");
}

static int set_number(const char *value, uint32_t *ret_number, struct centro_error_text *text)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (errno || *end || value[0] < '0' || value[0] > '9' || number == 0 || number > UINT32_MAX)
		return daemon_wrong(text, value, "not a number from 1 to 4294967295");
	*ret_number = (uint32_t)number;
	return CENTRO_OK;
}

/* 0 is no limit; the library says that in its own way. */
static int set_history_keep(const char *value, uint64_t *ret_keep, struct centro_error_text *text)
{
	char *end;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (errno || *end || value[0] < '0' || value[0] > '9')
		return daemon_wrong(text, value, "not a number of jobs; 0 is no limit");
	*ret_keep = number > 0 ? number : UINT64_MAX;
	return CENTRO_OK;
}

static int set_history_age(const char *value, struct centro_span *ret_age,
			   struct centro_error_text *text)
{
	if (strcmp(value, "0") != 0)
		return set_span(value, ret_age, text);
	ret_age->ns = UINT64_MAX;
	return CENTRO_OK;
}

static int set_listen(struct settings *settings, const char *value, struct centro_error_text *text)
{
	if (settings->server.listen_count == LISTEN_MAX)
		return daemon_wrong(text, value, "one address too many; at most 16");
	settings->listen[settings->server.listen_count++] = value;
	return CENTRO_OK;
}

/* NAME[:WEIGHT[:PRIORITY]] */
static int set_queue(struct settings *settings, char *value, struct centro_error_text *text)
{
	size_t i = settings->server.queue_count;
	unsigned long weight = 1;
	long priority = 0;
	if (i == QUEUES_MAX)
		return daemon_wrong(text, value, "one queue too many; at most 1000");
	char *rest = strchr(value, ':');
	if (rest) {
		char *end;
		*rest++ = '\0';
		weight = strtoul(rest, &end, 10);
		if (*end == ':')
			priority = strtol(end + 1, &end, 10);
		if (*end || weight == 0 || weight > UINT32_MAX || priority < -1000 ||
		    priority > 1000)
			return daemon_wrong(text, rest, "write a queue like NAME:WEIGHT:PRIORITY");
	}
	settings->queues[i] = value;
	settings->queue_weights[i] = (uint32_t)weight;
	settings->queue_priorities[i] = (int32_t)priority;
	settings->server.queue_count++;
	return CENTRO_OK;
}

/* 0 is said for never, and is the default to the library. */
static int set_quarantine(const char *value, uint32_t *ret_after, struct centro_error_text *text)
{
	if (strcmp(value, "0") != 0)
		return set_number(value, ret_after, text);
	*ret_after = UINT32_MAX;
	return CENTRO_OK;
}

static int set_order(const char *value, enum centro_order *ret_order,
		     struct centro_error_text *text)
{
	if (strcmp(value, "fill") == 0)
		*ret_order = CENTRO_ORDER_FILL;
	else if (strcmp(value, "fifo") == 0)
		*ret_order = CENTRO_ORDER_FIFO;
	else
		return daemon_wrong(text, value, "say fill or fifo");
	return CENTRO_OK;
}

static int set_log_level(struct settings *settings, const char *value,
			 struct centro_error_text *text)
{
	if (log_level_parse(value, &settings->log.level))
		return CENTRO_OK;
	return daemon_wrong(text, value, "say error, warn, info or debug");
}

static int set(void *arg, int option, char *value, struct centro_error_text *text)
{
	struct settings *settings = arg;
	struct centro_server_options *server = &settings->server;
	switch (option) {
	case STORAGE:
		server->storage = value;
		return CENTRO_OK;
	case LISTEN:
		return set_listen(settings, value, text);
	case INSECURE:
		server->insecure = true;
		return CENTRO_OK;
	case STORAGE_SIZE:
		return set_size(value, &server->storage_bytes_max, text);
	case QUEUE:
		return set_queue(settings, value, text);
	case ORDER:
		return set_order(value, &server->order, text);
	case NODE_TIMEOUT:
		return set_span(value, &server->node_timeout, text);
	case QUARANTINE_AFTER:
		return set_quarantine(value, &server->quarantine_after, text);
	case CONNECTIONS_MAX:
		return set_number(value, &server->connections_max, text);
	case JOBS_MAX:
		return set_number(value, &server->jobs_max, text);
	case HISTORY_KEEP:
		return set_history_keep(value, &server->history_keep, text);
	case HISTORY_AGE:
		return set_history_age(value, &server->history_age, text);
	case DRAIN_LIMIT:
		return set_span(value, &server->drain_limit, text);
	case RECORD:
		server->record = value;
		return CENTRO_OK;
	case RECORD_BYTES:
		return set_size(value, &server->record_bytes_max, text);
	case EVENTS_KEEP:
		return set_number(value, &server->events_max, text);
	case EVENTS_AGE:
		return set_span(value, &server->events_age, text);
	default:
		return set_log_level(settings, value, text);
	}
}

static int read_settings(struct settings *settings, int argc, char **argv)
{
	static struct daemon daemon = {
		.program = "centrod", .usage = usage, .options = options, .set = set};
	settings->server = (struct centro_server_options)CENTRO_SERVER_OPTIONS_INIT;
	settings->log = log_stderr(CENTRO_LOG_INFO);
	daemon.arg = settings;
	int status = daemon_read_settings(&daemon, argc, argv);
	if (status == DAEMON_GO_ON && !settings->server.storage)
		return daemon_usage_error(
			&daemon, "--storage is missing; say file:PATH, or memory: to try things",
			NULL);
	settings->server.listen = settings->listen;
	settings->server.queues = settings->queues;
	settings->server.queue_weights = settings->queue_weights;
	settings->server.queue_priorities = settings->queue_priorities;
	settings->server.log = &settings->log;
	return status;
}

/* ---- running ---- */

/* The exit status. */
static int serve(struct centro_server *server, int signal_fd)
{
	int signals = 0;
	while (!centro_server_is_drained(server)) {
		struct pollfd waits[] = {{.fd = centro_server_fd(server), .events = POLLIN},
					 {.fd = signal_fd, .events = POLLIN}};
		poll(waits, 2, centro_server_timeout_ms(server));
		int error = centro_server_dispatch(server);
		if (error) {
			fprintf(stderr,
				"centrod: the store failed: %s; nothing more is acknowledged. "
				"Start centrod again to read what is on the disk.\n",
				centro_error_help(error));
			return EXIT_FAILURE;
		}
		if (waits[1].revents & POLLIN)
			signals += signals_take(signal_fd);
		if (signals == 1)
			centro_server_drain(server);
		else if (signals > 1)
			break;
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct settings settings;
	int status = read_settings(&settings, argc, argv);
	if (status != DAEMON_GO_ON)
		return status;
	int signal_fd = signals_open();
	struct centro_server *server;
	struct centro_error_text text;
	int error = centro_server_new(&settings.server, &server, &text);
	if (error) {
		fprintf(stderr, "centrod: %s\n", text.text);
		return EXIT_FAILURE;
	}
	const char *address;
	for (size_t i = 0; (address = centro_server_address(server, i)); i++)
		fprintf(stderr, "centrod %s listens on %s, with %s\n", centro_version(), address,
			settings.server.storage);
	status = serve(server, signal_fd);
	centro_server_free(server);
	close(signal_fd);
	return status;
}

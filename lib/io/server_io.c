/* SPDX-License-Identifier: MIT */
/*
 * server_io.c - centro/server.h: an engine, the API, and sockets, on one loop.
 *
 * One turn: run what the loop has (reads feed connections, which execute
 * commands), then let the engine do what is due and release what became durable,
 * then write. So everything that came in together is committed together, and
 * everything that was released together goes out in few writes.
 */
#include "io/server_private.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/str.h"
#include "io/clock.h"
#include "io/journal_file.h"
#include "io/log_files.h"

#define CONNECTIONS_MAX_DEFAULT 10000
#define DRAIN_LIMIT_DEFAULT_MS  10000
#define QUEUES_MAX              1000
#define EVENTS_MAX_DEFAULT      1000000
#define EVENTS_AGE_DEFAULT_MS   (UINT64_C(7) * 24 * 3600 * 1000)

static const char *const listen_default[] = { "127.0.0.1:50051" };

/* ---- opening ---- */

/* Only when the store is ours: who starts a second server by mistake leaves no file behind. */
static int open_journal(struct centro_server *server, const struct centro_server_options *options,
			struct centro_error_text *text)
{
	if (!options->record)
		return CENTRO_OK;
	return ctr_journal_file_open(server->allocator, server->log, options->record,
				     options->record_bytes_max, &server->journal, text);
}

static int open_engine(struct centro_server *server, const struct centro_server_options *options,
		       struct centro_error_text *text)
{
	const struct centro_store_options store_options = {
		.size = sizeof(store_options),
		.allocator = server->allocator,
		.bytes_max = options->storage_bytes_max,
	};
	struct centro_store *store;
	int error = centro_store_open(options->storage, &store_options, &store, text);
	if (error)
		return error;
	error = open_journal(server, options, text);
	if (error) {
		centro_store_free(store);
		return error;
	}
	const struct ctr_engine_options engine_options = {
		.allocator = server->allocator,
		.log = server->log,
		.history_keep = options->history_keep,
		.history_age = options->history_age,
		.journal = server->journal ? ctr_journal_file_sink(server->journal) : NULL,
		.core = { .seed = ctr_entropy_u64(),
			  .jobs_max = options->jobs_max,
			  .node_timeout = options->node_timeout,
			  .order = (enum ctr_order)options->order,
			  .quarantine_after = options->quarantine_after },
		.events_max = options->events_max ? options->events_max : EVENTS_MAX_DEFAULT,
		.events_age = options->events_age.ns ? options->events_age
						     : ctr_span_ms(EVENTS_AGE_DEFAULT_MS),
	};
	return ctr_engine_new(&engine_options, store, server->now, &server->engine, text);
}

/* The store may answer late: wait until what is in it has been read. */
static int load(struct centro_server *server, struct centro_error_text *text)
{
	while (ctr_engine_get_state(server->engine) == CTR_ENGINE_LOADING) {
		struct pollfd wait = { .fd = ctr_engine_fd(server->engine), .events = POLLIN };
		struct centro_span until = ctr_between(server->now.steady,
						       ctr_engine_get_wake(server->engine));
		int timeout_ms = until.ns / CTR_NS_PER_MS > 1000 ? 1000
								 : (int)(until.ns / CTR_NS_PER_MS);
		poll(&wait, wait.fd >= 0, timeout_ms);
		server->now = ctr_clock_now();
		ctr_engine_dispatch(server->engine, server->now);
	}
	if (ctr_engine_get_state(server->engine) == CTR_ENGINE_READY)
		return CENTRO_OK;
	return ctr_engine_get_error(server->engine, text);
}

static int make_queues(struct centro_server *server, const struct centro_server_options *options,
		       struct centro_error_text *text)
{
	if (options->queue_count > QUEUES_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID, "%zu queues; at most %d",
				 options->queue_count, QUEUES_MAX);
	for (size_t i = 0; i < options->queue_count; i++) {
		struct ctr_command command = {
			.type = CTR_COMMAND_SET_QUEUE,
			.set_queue = {
				.name = ctr_bytes_str(options->queues[i]),
				.weight = options->queue_weights ? options->queue_weights[i] : 1,
				.priority = options->queue_priorities ? options->queue_priorities[i]
								      : 0,
			},
		};
		struct ctr_result result;
		int error = ctr_engine_execute(server->engine, server->now, &command, &result);
		if (error)
			return ctr_error(text, error, "queue %s: %s", options->queues[i],
					 result.text.text);
	}
	return CENTRO_OK;
}

/* Beside a store of files; other stores keep no output here. */
static int open_log_files(struct centro_server *server, const char *storage,
			  struct centro_error_text *text)
{
	char dir[4096];
	if (strncmp(storage, "file:", 5) != 0)
		return CENTRO_OK;
	snprintf(dir, sizeof(dir), "%s/logs", storage + 5);
	int error = ctr_log_files_new(server->allocator, dir, &server->log_files);
	return error ? ctr_error(text, error, "%s: cannot keep output there", dir) : CENTRO_OK;
}

static int open_service(struct centro_server *server)
{
	const struct ctr_service_options options = {
		.allocator = server->allocator,
		.log = server->log,
		.engine = server->engine,
		.keeper = server->log_files ? ctr_log_files_keeper(server->log_files) : NULL,
		.pump = ctr_server_conn_pump,
		.arg = server,
	};
	int error = ctr_service_new(&options, &server->service);
	if (!error)
		ctr_service_set_now(server->service, server->now);
	return error;
}

static void on_engine_readable(uv_poll_t *poll, int status, int events)
{
	/* Only to wake the loop: the engine is dispatched once a turn. */
}

static int watch_engine(struct centro_server *server)
{
	int fd = ctr_engine_fd(server->engine);
	if (fd < 0)
		return CENTRO_OK;
	if (uv_poll_init(&server->loop, &server->engine_poll, fd) != 0)
		return CENTRO_ERR_IO;
	server->has_engine_poll = true;
	return uv_poll_start(&server->engine_poll, UV_READABLE, on_engine_readable) == 0
		       ? CENTRO_OK
		       : CENTRO_ERR_IO;
}

static int open_listeners(struct centro_server *server, const struct centro_server_options *options,
			  struct centro_error_text *text)
{
	const char *const *addresses = options->listen_count ? options->listen : listen_default;
	size_t count = options->listen_count ? options->listen_count : 1;
	int error = CENTRO_OK;
	for (size_t i = 0; i < count && !error; i++)
		error = ctr_listener_open(server, addresses[i], options->insecure, text);
	return error;
}

static int open_all(struct centro_server *server, const struct centro_server_options *options,
		    struct centro_error_text *text)
{
	int error = open_engine(server, options, text);
	if (!error)
		error = load(server, text);
	if (!error)
		error = make_queues(server, options, text);
	if (!error)
		error = open_log_files(server, options->storage, text);
	if (!error)
		error = open_service(server);
	if (!error)
		error = watch_engine(server);
	if (!error)
		error = open_listeners(server, options, text);
	return error;
}

static struct centro_server *server_alloc(const struct centro_server_options *options)
{
	struct centro_server *server = ctr_alloc_zero(options->allocator, sizeof(*server));
	if (!server)
		return NULL;
	server->allocator = options->allocator;
	server->log = options->log;
	server->conns_max = options->connections_max ? options->connections_max
						     : CONNECTIONS_MAX_DEFAULT;
	server->drain_limit = options->drain_limit.ns ? options->drain_limit
						      : ctr_span_ms(DRAIN_LIMIT_DEFAULT_MS);
	server->now = ctr_clock_now();
	server->accept_again = CTR_NEVER;
	ctr_list_init(&server->listeners);
	ctr_list_init(&server->conns);
	ctr_list_init(&server->dirty);
	ctr_heap_init(&server->ticks, server->allocator);
	server->read_buffer = ctr_alloc(server->allocator, CTR_READ_BYTES);
	if (!server->read_buffer || uv_loop_init(&server->loop) != 0) {
		ctr_free(server->allocator, server->read_buffer);
		ctr_free(server->allocator, server);
		return NULL;
	}
	return server;
}

int centro_server_new(const struct centro_server_options *options,
		      struct centro_server **ret_server, struct centro_error_text *text)
{
	struct centro_error_text unused;
	text = text ? text : &unused;
	text->text[0] = '\0';
	if (!options || !ret_server)
		return ctr_error(text, CENTRO_ERR_INVALID, "options and ret_server are required");
	if (options->size != sizeof(*options))
		return ctr_error(text, CENTRO_ERR_ABI, "options->size is %zu, not %zu",
				 options->size, sizeof(*options));
	if (!options->storage)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "storage: missing; say memory: or file:PATH");
	struct centro_server *server = server_alloc(options);
	if (!server)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	int error = open_all(server, options, text);
	if (error) {
		if (!text->text[0])
			ctr_error(text, error, "%s", centro_error_help(error));
		centro_server_free(server);
		return error;
	}
	*ret_server = server;
	return CENTRO_OK;
}

void centro_server_free(struct centro_server *server)
{
	if (!server)
		return;
	server->is_closing = true;
	ctr_listeners_close(server);
	ctr_server_conns_close(server);
	if (server->has_engine_poll)
		uv_close((uv_handle_t *)&server->engine_poll, NULL);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	CTR_ASSERT(server->conn_count == 0);
	ctr_service_free(server->service);
	ctr_engine_free(server->engine);
	ctr_journal_file_free(server->journal);
	ctr_log_files_free(server->log_files);
	ctr_heap_fini(&server->ticks);
	int status = uv_loop_close(&server->loop);
	CTR_ASSERT(status == 0);
	ctr_free(server->allocator, server->read_buffer);
	ctr_free(server->allocator, server);
}

/* ---- the loop ---- */

int centro_server_fd(const struct centro_server *server)
{
	return uv_backend_fd(&server->loop);
}

static struct centro_instant next_wake(const struct centro_server *server)
{
	struct centro_instant wake = ctr_earlier(ctr_engine_get_wake(server->engine),
						 ctr_server_conns_wake(server));
	wake = ctr_earlier(wake, server->accept_again);
	if (server->is_draining)
		wake = ctr_earlier(wake, server->drain_deadline);
	return wake;
}

int centro_server_timeout_ms(const struct centro_server *server)
{
	int loop_ms = uv_backend_timeout(&server->loop);
	struct centro_instant wake = next_wake(server);
	if (wake.ns == CENTRO_INSTANT_NEVER_NS)
		return loop_ms;
	uint64_t left_ns = ctr_between(ctr_clock_now().steady, wake).ns;
	uint64_t left_ms = left_ns / CTR_NS_PER_MS + (left_ns % CTR_NS_PER_MS > 0);
	int own_ms = left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
	return loop_ms >= 0 && loop_ms < own_ms ? loop_ms : own_ms;
}

static void set_now(struct centro_server *server)
{
	server->now = ctr_clock_now();
	ctr_service_set_now(server->service, server->now);
}

int centro_server_dispatch(struct centro_server *server)
{
	set_now(server);
	uv_run(&server->loop, UV_RUN_NOWAIT);
	set_now(server);
	if (ctr_reached(server->accept_again, server->now.steady))
		ctr_listeners_accept_again(server);
	int error = ctr_engine_dispatch(server->engine, server->now);
	if (server->is_draining && ctr_reached(server->drain_deadline, server->now.steady))
		ctr_server_conns_close(server);
	ctr_server_conns_turn(server);
	return error;
}

void centro_server_drain(struct centro_server *server)
{
	if (server->is_draining)
		return;
	set_now(server);
	server->is_draining = true;
	server->drain_deadline = ctr_after(server->now.steady, server->drain_limit);
	ctr_listeners_close(server);
	ctr_service_drain(server->service);
	ctr_server_conns_drain(server);
}

bool centro_server_is_drained(const struct centro_server *server)
{
	return server->is_draining && server->conn_count == 0;
}

const char *centro_server_address(const struct centro_server *server, size_t index)
{
	return ctr_listener_address(server, index);
}

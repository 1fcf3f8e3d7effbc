/* SPDX-License-Identifier: MIT */
/*
 * client_io.c - include/centro/client.h: the brain of lib/client on a libuv loop
 * of its own, which the caller polls.
 *
 * Calls made outside of a dispatch are only queued; the next dispatch sends them
 * all in one write.
 *
 * Layer: io.
 */
#include <centro/client.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "base/alloc.h"
#include "base/assert.h"
#include "base/str.h"
#include "client/client.h"
#include "io/clock.h"
#include "io/link.h"

static const char *const default_servers[] = {"127.0.0.1:50051"};

struct centro_client {
	const struct centro_allocator *allocator;
	uv_loop_t loop;
	uv_timer_t timer;
	struct ctr_client *brain;
	struct ctr_link *link; /* NULL once it is closed */
	bool is_dirty;         /* something was queued since the last dispatch */
	bool is_dispatching;
};

static void on_timer(uv_timer_t *timer);

static void arm(struct centro_client *client, struct centro_instant now)
{
	struct centro_instant wake = ctr_client_wake(client->brain);
	if (wake.ns == CENTRO_INSTANT_NEVER_NS) {
		uv_timer_stop(&client->timer);
		return;
	}
	uint64_t ms = (ctr_between(now, wake).ns + CTR_NS_PER_MS - 1) / CTR_NS_PER_MS;
	int status = uv_timer_start(&client->timer, on_timer, ms, 0);
	CTR_ASSERT(status == 0);
}

static void on_turn(void *arg, struct centro_instant now)
{
	struct centro_client *client = arg;
	ctr_client_turn(client->brain, now);
	arm(client, now);
}

static void on_timer(uv_timer_t *timer)
{
	struct centro_client *client = timer->data;
	ctr_link_pump(client->link, ctr_clock_now().steady);
}

static void on_link_closed(void *arg)
{
	struct centro_client *client = arg;
	client->link = NULL;
}

/* What a callback queued goes out at the end of this turn; else the next dispatch sends it. */
static void on_queued(void *arg)
{
	struct centro_client *client = arg;
	if (client->is_dispatching)
		ctr_link_pump(client->link, ctr_clock_now().steady);
	else
		client->is_dirty = true;
}

static int new_brain(struct centro_client *client, const struct centro_client_options *options,
		     struct centro_error_text *text)
{
	bool is_default = options->server_count == 0;
	struct ctr_client_options brain_options = {
		.allocator = client->allocator,
		.log = options->log,
		.servers = is_default ? default_servers : options->servers,
		.server_count =
			is_default ? CTR_ARRAY_SIZE(default_servers) : options->server_count,
		.connect_timeout = options->connect_timeout,
		.seed = ctr_entropy_u64(),
		.queued = on_queued,
		.arg = client,
	};
	return ctr_client_new(&brain_options, ctr_clock_now().steady, &client->brain, text);
}

static int new_link(struct centro_client *client, struct centro_error_text *text)
{
	struct ctr_link_options link_options = {
		.allocator = client->allocator,
		.loop = &client->loop,
		.channel = ctr_client_channel(client->brain),
		.turn = on_turn,
		.arg = client,
	};
	int status = ctr_link_new(&link_options, &client->link);
	return status == CENTRO_OK ? CENTRO_OK : ctr_error(text, status, "out of memory");
}

int centro_client_new(const struct centro_client_options *options,
		      struct centro_client **ret_client, struct centro_error_text *text)
{
	if (!options || !ret_client)
		return ctr_error(text, CENTRO_ERR_INVALID, "options and ret_client are required");
	if (options->size != sizeof(*options))
		return ctr_error(text, CENTRO_ERR_ABI, "options.size is not one of this library");

	const struct centro_allocator *allocator = ctr_allocator_or_default(options->allocator);
	struct centro_client *client = ctr_alloc_zero(allocator, sizeof(*client));
	if (!client)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	client->allocator = allocator;
	int status = uv_loop_init(&client->loop);
	if (status != 0) {
		ctr_free(allocator, client);
		return ctr_error(text, CENTRO_ERR_IO, "cannot make an event loop: %s",
				 uv_strerror(status));
	}
	status = uv_timer_init(&client->loop, &client->timer);
	CTR_ASSERT(status == 0);
	client->timer.data = client;

	status = new_brain(client, options, text);
	if (status == CENTRO_OK)
		status = new_link(client, text);
	if (status != CENTRO_OK) {
		centro_client_free(client);
		return status;
	}
	*ret_client = client;
	return CENTRO_OK;
}

void centro_client_free(struct centro_client *client)
{
	if (!client)
		return;
	CTR_ASSERT(!client->is_dispatching);
	uv_close((uv_handle_t *)&client->timer, NULL);
	if (client->link)
		ctr_link_close(client->link, on_link_closed, client);
	uv_run(&client->loop, UV_RUN_DEFAULT);
	CTR_ASSERT(!client->link);
	ctr_client_free(client->brain);
	int status = uv_loop_close(&client->loop);
	CTR_ASSERT(status == 0);
	ctr_free(client->allocator, client);
}

int centro_client_fd(const struct centro_client *client)
{
	return client ? uv_backend_fd(&client->loop) : CENTRO_ERR_INVALID;
}

int centro_client_timeout_ms(const struct centro_client *client)
{
	if (!client)
		return CENTRO_ERR_INVALID;
	if (client->is_dirty)
		return 0;
	/* libuv counts from the time that it read last; that touches nothing of ours. */
	uv_loop_t *loop = (uv_loop_t *)(uintptr_t)&client->loop;
	uv_update_time(loop);
	/* Of a loop that waits for nothing libuv says that it need not be waited for. */
	return uv_loop_alive(loop) ? uv_backend_timeout(loop) : -1;
}

int centro_client_dispatch(struct centro_client *client)
{
	if (!client || client->is_dispatching)
		return CENTRO_ERR_INVALID;
	client->is_dispatching = true;
	if (client->is_dirty) {
		client->is_dirty = false;
		ctr_link_pump(client->link, ctr_clock_now().steady);
	}
	uv_run(&client->loop, UV_RUN_NOWAIT);
	client->is_dispatching = false;
	return CENTRO_OK;
}

int centro_client_call(struct centro_client *client, const char *method,
		       struct centro_bytes request, const struct centro_call_options *options,
		       struct centro_call **ret_call, struct centro_error_text *text)
{
	if (!client || !method || !options || (!request.data && request.size > 0))
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "client, method, request and options are required");
	if (options->size != sizeof(*options))
		return ctr_error(text, CENTRO_ERR_ABI, "options.size is not one of this library");
	if (options->encoding != CENTRO_PROTOBUF && options->encoding != CENTRO_JSON)
		return ctr_error(text, CENTRO_ERR_INVALID, "options.encoding is none");

	return ctr_client_call(client->brain, ctr_clock_now().steady, method, request, options,
			       ret_call, text);
}

void centro_call_cancel(struct centro_call *call)
{
	if (call)
		ctr_client_cancel(call);
}

/* As for poll(2): the shorter of what the client and the caller want. */
static int wait_ms(const struct centro_client *client, struct centro_span left)
{
	int ms = centro_client_timeout_ms(client);
	uint64_t left_ms = (left.ns + CTR_NS_PER_MS - 1) / CTR_NS_PER_MS;
	if (left_ms >= INT_MAX || (ms >= 0 && (uint64_t)ms <= left_ms))
		return ms;
	return (int)left_ms;
}

int centro_client_wait(struct centro_client *client, struct centro_span timeout, int interrupt_fd)
{
	if (!client || client->is_dispatching)
		return CENTRO_ERR_INVALID;
	struct centro_instant now = ctr_clock_now().steady;
	struct centro_instant deadline = timeout.ns == 0 ? CTR_NEVER : ctr_after(now, timeout);

	while (ctr_client_calls(client->brain) > 0) {
		struct pollfd fds[] = {
			{.fd = centro_client_fd(client), .events = POLLIN},
			{.fd = interrupt_fd, .events = POLLIN}, /* poll() skips negative ones */
		};
		int count =
			poll(fds, CTR_ARRAY_SIZE(fds), wait_ms(client, ctr_between(now, deadline)));
		if (count < 0 && errno != EINTR)
			return CENTRO_ERR_IO;
		if (count > 0 && fds[1].revents != 0)
			return CENTRO_ERR_CANCELLED;
		int status = centro_client_dispatch(client);
		if (status != CENTRO_OK)
			return status;
		now = ctr_clock_now().steady;
		if (ctr_reached(deadline, now) && ctr_client_calls(client->brain) > 0)
			return CENTRO_ERR_DEADLINE;
	}
	return CENTRO_OK;
}

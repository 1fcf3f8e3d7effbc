/* SPDX-License-Identifier: MIT */
/*
 * link.c - one channel over a socket.
 *
 * All work happens in turns: an event from libuv, then what is due by the clock,
 * then the owner's `turn`, then whatever the channel wants, and the timer. What
 * callbacks queue meanwhile goes out at the end of the turn, in one write.
 *
 * A socket has at most one write in flight. It lives until libuv's close callback,
 * so it may outlive its attempt: `link->socket` says which one counts.
 *
 * Layer: io.
 */
#include "io/link.h"

#include <netdb.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "io/address.h"
#include "io/clock.h"

#define READ_SIZE       ((size_t)64 << 10)
#define WRITE_SIZE      ((size_t)64 << 10)
#define WRITES_PER_TURN 8
#define TIMER_MS_MAX    ((uint64_t)24 * 3600 * 1000)

struct socket {
	struct ctr_link *link;
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	} uv;
	uv_connect_t connect;
	uv_write_t write;
	struct ctr_buf out; /* what `write` sends */
	bool is_connected;
	bool is_writing;
};

struct ctr_link {
	struct ctr_link_options options;
	const struct centro_allocator *allocator;
	struct ctr_channel *channel;
	struct socket *socket; /* of this attempt; NULL: none */
	uv_timer_t timer;
	struct centro_instant armed; /* what the timer is set to */
	uv_getaddrinfo_t lookup;
	struct ctr_address lookup_address;
	bool is_looking_up;
	bool wants_lookup; /* the present attempt waits for it */
	struct addrinfo *found, *found_next;
	size_t open; /* timer, sockets and a lookup that libuv still knows */
	bool is_turning;
	bool is_pumped; /* something was queued too late for this turn */
	void (*closed)(void *arg);
	void *closed_arg;
	uint8_t read_buffer[READ_SIZE];
};

static void settle(struct ctr_link *link, struct centro_instant now);
static void open_next_found(struct ctr_link *link, struct centro_instant now);

/* ---- turns ---- */

static void on_timer(uv_timer_t *timer);

static void arm(struct ctr_link *link, struct centro_instant next, struct centro_instant now)
{
	bool is_armed = uv_is_active((uv_handle_t *)&link->timer) && link->armed.ns > now.ns;
	if (next.ns == CENTRO_INSTANT_NEVER_NS) {
		uv_timer_stop(&link->timer);
		return;
	}
	/* An early call costs less than moving the timer with every turn. */
	if (is_armed && link->armed.ns <= next.ns)
		return;
	uint64_t ms = (ctr_between(now, next).ns + CTR_NS_PER_MS - 1) / CTR_NS_PER_MS;
	if (ms > TIMER_MS_MAX)
		ms = TIMER_MS_MAX;
	link->armed = ctr_after(now, ctr_span_ms(ms));
	int status = uv_timer_start(&link->timer, on_timer, ms, 0);
	CTR_ASSERT(status == 0);
}

static struct centro_instant enter(struct ctr_link *link)
{
	CTR_ASSERT(!link->is_turning);
	CTR_ASSERT(!link->closed);
	link->is_turning = true;
	return ctr_clock_now().steady;
}

static void leave(struct ctr_link *link, struct centro_instant now)
{
	CTR_ASSERT(link->is_turning);
	ctr_channel_tick(link->channel, now);
	if (link->options.turn)
		link->options.turn(link->options.arg, now);
	link->is_pumped = false;
	settle(link, now);
	struct centro_instant next = ctr_channel_tick(link->channel, now);
	arm(link, link->is_pumped ? now : next, now);
	link->is_turning = false;
}

static void on_timer(uv_timer_t *timer)
{
	struct ctr_link *link = timer->data;
	leave(link, enter(link));
}

void ctr_link_pump(struct ctr_link *link, struct centro_instant now)
{
	if (link->is_turning) {
		link->is_pumped = true;
		return;
	}
	enter(link);
	leave(link, now);
}

/* ---- ends ---- */

static void release(struct ctr_link *link)
{
	CTR_ASSERT(link->open > 0);
	if (--link->open > 0)
		return;
	void (*closed)(void *arg) = link->closed;
	void *arg = link->closed_arg;
	CTR_ASSERT(closed);
	CTR_ASSERT(!link->found);
	ctr_free(link->allocator, link);
	closed(arg);
}

static void on_socket_closed(uv_handle_t *handle)
{
	struct socket *socket = handle->data;
	struct ctr_link *link = socket->link;

	CTR_ASSERT(link->socket != socket);
	ctr_buf_fini(&socket->out);
	ctr_free(link->allocator, socket);
	release(link);
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void close_socket(struct ctr_link *link)
{
	if (!link->socket)
		return;
	uv_close(&link->socket->uv.handle, on_socket_closed);
	link->socket = NULL;
}

static void forget_found(struct ctr_link *link)
{
	if (link->found)
		uv_freeaddrinfo(link->found);
	link->found = NULL;
	link->found_next = NULL;
}

/* The attempt or the connection is over. `why` is for people; NULL: the channel knows. */
static void end(struct ctr_link *link, struct centro_instant now, const char *why)
{
	close_socket(link);
	forget_found(link);
	link->wants_lookup = false;
	if (why)
		ctr_channel_set_last_error(link->channel, why);
	ctr_channel_closed(link->channel, now, CENTRO_ERR_UNAVAILABLE);
}

static void end_errno(struct ctr_link *link, struct centro_instant now, int uv_error)
{
	char text[128];
	end(link, now, uv_strerror_r(uv_error, text, sizeof(text)));
}

/* ---- bytes ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
	struct socket *socket = handle->data;
	*ret_buf = uv_buf_init((char *)socket->link->read_buffer, READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
	struct socket *socket = stream->data;
	struct ctr_link *link = socket->link;

	CTR_ASSERT(link->socket == socket);
	if (size == 0)
		return;
	struct centro_instant now = enter(link);
	if (size > 0)
		/* On an error the channel wants the socket closed. */
		(void)ctr_channel_recv(link->channel, now, ctr_bytes(buf->base, (size_t)size));
	else if (size == UV_EOF)
		end(link, now, "the server closed the connection");
	else
		end_errno(link, now, (int)size);
	leave(link, now);
}

static void on_written(uv_write_t *write, int status)
{
	struct socket *socket = write->data;
	struct ctr_link *link = socket->link;

	CTR_ASSERT(socket->is_writing);
	socket->is_writing = false;
	if (link->socket != socket)
		return;
	struct centro_instant now = enter(link);
	if (status < 0)
		end_errno(link, now, status);
	leave(link, now);
}

/* Send `out`; what does not go at once goes later. False: the connection is over. */
static bool write_out(struct ctr_link *link, struct centro_instant now)
{
	struct socket *socket = link->socket;
	uv_buf_t buf = uv_buf_init((char *)socket->out.data, (unsigned)socket->out.size);

	int written = uv_try_write(&socket->uv.stream, &buf, 1);
	if (written == UV_EAGAIN)
		written = 0;
	if (written >= 0 && (size_t)written < socket->out.size) {
		buf.base += written;
		buf.len -= (size_t)written;
		written = uv_write(&socket->write, &socket->uv.stream, &buf, 1, on_written);
		socket->is_writing = written == 0;
	}
	if (written >= 0)
		return true;
	end_errno(link, now, written);
	return false;
}

/* False: the connection is over. */
static bool send_queued(struct ctr_link *link, struct centro_instant now)
{
	struct socket *socket = link->socket;
	if (!socket || !socket->is_connected)
		return true;
	for (int i = 0; i < WRITES_PER_TURN; i++) {
		if (socket->is_writing)
			return true;
		ctr_buf_clear(&socket->out);
		int status = ctr_channel_send(link->channel, now, &socket->out, WRITE_SIZE);
		if (status != CENTRO_OK || socket->out.size == 0)
			return true; /* on an error the channel wants the socket closed */
		if (!write_out(link, now))
			return false;
	}
	link->is_pumped = true; /* the loop's others come first */
	return true;
}

/* ---- connecting ---- */

static void on_connected(uv_connect_t *connect, int status)
{
	struct socket *socket = connect->data;
	struct ctr_link *link = socket->link;
	if (link->socket != socket)
		return;

	struct centro_instant now = enter(link);
	if (status == 0)
		status = uv_read_start(&socket->uv.stream, on_alloc, on_read);
	if (status == 0) {
		socket->is_connected = true;
		forget_found(link);
		ctr_channel_connected(link->channel, now);
	} else if (link->found_next) {
		open_next_found(link, now);
	} else {
		end_errno(link, now, status);
	}
	leave(link, now);
}

/* NULL: no memory. Its handle is still to be initialised. */
static struct socket *new_socket(struct ctr_link *link)
{
	struct socket *socket = ctr_alloc_zero(link->allocator, sizeof(*socket));
	if (!socket)
		return NULL;
	socket->link = link;
	socket->connect.data = socket;
	socket->write.data = socket;
	ctr_buf_init(&socket->out, link->allocator, 0);
	return socket;
}

/* libuv knows it from here on. */
static void adopt_socket(struct ctr_link *link, struct socket *socket)
{
	socket->uv.handle.data = socket;
	link->socket = socket;
	link->open++;
}

static void open_tcp(struct ctr_link *link, struct centro_instant now,
		     const struct sockaddr *sockaddr)
{
	CTR_ASSERT(!link->socket);
	struct socket *socket = new_socket(link);
	if (!socket) {
		end(link, now, centro_error_help(CENTRO_ERR_NOMEM));
		return;
	}
	int status = uv_tcp_init(link->options.loop, &socket->uv.tcp);
	CTR_ASSERT(status == 0);
	adopt_socket(link, socket);
	status = uv_tcp_connect(&socket->connect, &socket->uv.tcp, sockaddr, on_connected);
	if (status == 0)
		status = uv_tcp_nodelay(&socket->uv.tcp, 1);
	if (status != 0)
		end_errno(link, now, status);
}

static void open_unix(struct ctr_link *link, struct centro_instant now, const char *path)
{
	CTR_ASSERT(!link->socket);
	struct socket *socket = new_socket(link);
	if (!socket) {
		end(link, now, centro_error_help(CENTRO_ERR_NOMEM));
		return;
	}
	int status = uv_pipe_init(link->options.loop, &socket->uv.pipe, /* ipc= */ 0);
	CTR_ASSERT(status == 0);
	adopt_socket(link, socket);
	uv_pipe_connect(&socket->connect, &socket->uv.pipe, path, on_connected);
}

static void open_next_found(struct ctr_link *link, struct centro_instant now)
{
	struct addrinfo *found = link->found_next;
	CTR_ASSERT(found);
	close_socket(link);
	link->found_next = found->ai_next;
	open_tcp(link, now, found->ai_addr);
}

static void on_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
	struct ctr_link *link = lookup->data;
	bool is_wanted = link->wants_lookup && !link->closed;

	CTR_ASSERT(link->is_looking_up);
	link->is_looking_up = false;
	if (!is_wanted) {
		uv_freeaddrinfo(found);
		release(link);
		return;
	}
	link->open--;
	CTR_ASSERT(link->open > 0); /* the timer */
	CTR_ASSERT(!link->found);
	struct centro_instant now = enter(link);
	link->wants_lookup = false;
	if (status == 0) {
		link->found = link->found_next = found;
		open_next_found(link, now);
	} else {
		end_errno(link, now, status);
	}
	leave(link, now);
}

/* At most one lookup is under way, since a blocked one cannot be stopped. */
static void look_up(struct ctr_link *link, struct centro_instant now,
		    const struct ctr_address *address)
{
	if (link->is_looking_up) {
		link->wants_lookup = address->port == link->lookup_address.port &&
				     strcmp(address->name, link->lookup_address.name) == 0;
		if (!link->wants_lookup)
			end(link, now, "another name is still being looked up");
		return;
	}
	char port[8];
	snprintf(port, sizeof(port), "%u", address->port);
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	int status = uv_getaddrinfo(link->options.loop, &link->lookup, on_looked_up, address->name,
				    port, &hints);
	if (status != 0) {
		end_errno(link, now, status);
		return;
	}
	link->lookup_address = *address;
	link->is_looking_up = true;
	link->wants_lookup = true;
	link->open++;
}

static void connect_to(struct ctr_link *link, struct centro_instant now, const char *text)
{
	struct ctr_address address;
	int status = ctr_address_parse(text, &address, NULL);
	CTR_ASSERT(status == CENTRO_OK); /* the channel has checked it */

	struct sockaddr_storage sockaddr;
	ctr_channel_connecting(link->channel, now);
	if (address.is_unix)
		open_unix(link, now, address.name);
	else if (ctr_address_get_sockaddr(&address, &sockaddr))
		open_tcp(link, now, (const struct sockaddr *)&sockaddr);
	else
		look_up(link, now, &address);
}

/* Do what the channel wants until it wants nothing more now. */
static void settle(struct ctr_link *link, struct centro_instant now)
{
	for (;;) {
		const char *address;
		switch (ctr_channel_wants(link->channel, now, &address)) {
		case CTR_CHANNEL_WANT_CONNECT:
			connect_to(link, now, address);
			break;
		case CTR_CHANNEL_WANT_CLOSE:
			if (send_queued(link, now))
				end(link, now, NULL);
			break;
		case CTR_CHANNEL_WANT_NOTHING:
			if (!send_queued(link, now))
				break;
			/* Sending can bring the connection to its end. */
			if (ctr_channel_wants(link->channel, now, &address) ==
			    CTR_CHANNEL_WANT_NOTHING)
				return;
			break;
		}
	}
}

/* ---- life ---- */

int ctr_link_new(const struct ctr_link_options *options, struct ctr_link **ret_link)
{
	CTR_ASSERT(options->loop);
	CTR_ASSERT(options->channel);

	struct ctr_link *link = ctr_alloc_zero(options->allocator, sizeof(*link));
	if (!link)
		return CENTRO_ERR_NOMEM;
	link->options = *options;
	link->allocator = options->allocator;
	link->channel = options->channel;
	int status = uv_timer_init(options->loop, &link->timer);
	CTR_ASSERT(status == 0);
	link->timer.data = link;
	link->lookup.data = link;
	link->open = 1;
	*ret_link = link;
	return CENTRO_OK;
}

void ctr_link_close(struct ctr_link *link, void (*closed)(void *arg), void *arg)
{
	CTR_ASSERT(!link->is_turning);
	CTR_ASSERT(!link->closed);
	CTR_ASSERT(closed);

	link->closed = closed;
	link->closed_arg = arg;
	close_socket(link);
	forget_found(link);
	if (link->is_looking_up)
		(void)uv_cancel((uv_req_t *)&link->lookup); /* else it comes to its end */
	uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

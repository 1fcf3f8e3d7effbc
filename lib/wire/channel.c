/* SPDX-License-Identifier: MIT */
/*
 * channel.c - a client's connection that comes back.
 *
 *   IDLE ── need ──▶ WAITING ── wake ──▶ CONNECTING ──▶ UP
 *    ▲                  ▲                    │           │
 *    └─── closed ◀──────┴──────────────── CLOSING ◀──────┘
 *
 * Invariants: a connection exists exactly in UP and, if it stood before, in
 * CLOSING. `left` is between 1 and the number of addresses. The state is
 * settled before any callback, so that a callback may ask for more.
 *
 * Layer: wire.
 */
#include "wire/channel.h"

#include <stdio.h>

#include <centro/text.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/prng.h"
#include "base/str.h"
#include "wire/address.h"

#define BACKOFF_MIN_MS     100
#define BACKOFF_MAX_MS     5000
#define CONNECT_TIMEOUT_MS 3000
#define ERROR_SIZE         160

enum state {
	IDLE,       /* nobody needs it */
	WAITING,    /* to connect at `wake` */
	CONNECTING, /* the host is at it, until `wake` */
	UP,
	CLOSING, /* the host shall close the socket */
};

struct target {
	char *text;
	const char *authority;
	char error[ERROR_SIZE]; /* empty: it has not failed since it worked last */
};

struct ctr_channel {
	struct ctr_channel_options options; /* with the defaults filled in */
	const struct centro_allocator *allocator;
	struct target *targets;
	size_t target_count;
	size_t target; /* tried now or next, or connected to */
	size_t left;   /* attempts of this round, the present one included */
	enum state state;
	bool is_eager;
	bool is_needed;
	bool is_proved;        /* bytes came over the connection that stands */
	int closing_error;     /* why we want it closed; CENTRO_OK: its end is regular */
	char word[ERROR_SIZE]; /* what is known about the failure to come */
	struct centro_span backoff;
	struct centro_instant wake;
	struct centro_instant began; /* the last attempt */
	struct ctr_prng prng;
	struct ctr_grpc_conn *conn;
	struct centro_error_text last_error;
};

static void default_span(struct centro_span *span, uint64_t ms)
{
	if (span->ns == 0)
		*span = ctr_span_ms(ms);
}

static struct target *current(const struct ctr_channel *channel)
{
	CTR_ASSERT(channel->target < channel->target_count);
	return &channel->targets[channel->target];
}

static int copy_target(struct ctr_channel *channel, const char *text,
		       struct centro_error_text *error_text)
{
	struct ctr_address address;
	int status = ctr_address_parse(text, &address, error_text);
	if (status != CENTRO_OK)
		return status;
	if (!address.is_unix && address.port == 0)
		return ctr_error(error_text, CENTRO_ERR_INVALID,
				 "address \"%.300s\": nothing can be reached at port 0", text);

	struct target *target = &channel->targets[channel->target_count];
	target->text = ctr_strdup(channel->allocator, ctr_bytes_str(text));
	if (!target->text)
		return ctr_error(error_text, CENTRO_ERR_NOMEM, "out of memory");
	/* RFC 9113 wants an authority, and a path is none. */
	target->authority = address.is_unix ? "localhost" : target->text;
	channel->target_count++;
	return CENTRO_OK;
}

static int copy_targets(struct ctr_channel *channel, const struct ctr_channel_options *options,
			struct centro_error_text *text)
{
	size_t count = options->address_count;
	if (count == 0 || count > CTR_CHANNEL_ADDRESSES_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "%zu addresses of servers; there must be 1 to %d", count,
				 CTR_CHANNEL_ADDRESSES_MAX);
	channel->targets = ctr_alloc_array(channel->allocator, count, sizeof(struct target));
	if (!channel->targets)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < count; i++) {
		int status = copy_target(channel, options->addresses[i], text);
		if (status != CENTRO_OK)
			return status;
	}
	return CENTRO_OK;
}

int ctr_channel_new(const struct ctr_channel_options *options, struct centro_instant now,
		    bool eager, struct ctr_channel **ret_channel, struct centro_error_text *text)
{
	CTR_ASSERT(options->addresses || options->address_count == 0);
	CTR_ASSERT(ret_channel);

	struct ctr_channel *channel = ctr_alloc_zero(options->allocator, sizeof(*channel));
	if (!channel)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	channel->options = *options;
	channel->options.addresses = NULL;
	channel->allocator = options->allocator;
	default_span(&channel->options.backoff_min, BACKOFF_MIN_MS);
	default_span(&channel->options.backoff_max, BACKOFF_MAX_MS);
	default_span(&channel->options.connect_timeout, CONNECT_TIMEOUT_MS);

	int status = copy_targets(channel, options, text);
	if (status != CENTRO_OK) {
		ctr_channel_free(channel);
		return status;
	}
	ctr_prng_init(&channel->prng, options->seed);
	channel->left = channel->target_count;
	channel->backoff = channel->options.backoff_min;
	channel->is_eager = eager;
	channel->state = eager ? WAITING : IDLE;
	channel->wake = now;
	*ret_channel = channel;
	return CENTRO_OK;
}

void ctr_channel_free(struct ctr_channel *channel)
{
	if (!channel)
		return;
	struct ctr_grpc_conn *conn = channel->conn;
	channel->conn = NULL;
	channel->state = IDLE;
	ctr_grpc_conn_free(conn);
	for (size_t i = 0; i < channel->target_count; i++)
		ctr_free(channel->allocator, channel->targets[i].text);
	ctr_free(channel->allocator, channel->targets);
	ctr_free(channel->allocator, channel);
}

/* The host shall close the socket; what it says about it then adds nothing. */
static void give_up(struct ctr_channel *channel, int error)
{
	CTR_ASSERT(channel->state == CONNECTING || channel->state == UP);
	channel->state = CLOSING;
	channel->closing_error = error;
}

enum ctr_channel_want ctr_channel_wants(struct ctr_channel *channel, struct centro_instant now,
					const char **ret_address)
{
	if (channel->state == UP && ctr_grpc_conn_is_finished(channel->conn))
		give_up(channel, CENTRO_OK);
	if (channel->state == CLOSING)
		return CTR_CHANNEL_WANT_CLOSE;
	if (channel->state != WAITING || !ctr_reached(channel->wake, now))
		return CTR_CHANNEL_WANT_NOTHING;

	*ret_address = current(channel)->text;
	return CTR_CHANNEL_WANT_CONNECT;
}

void ctr_channel_connecting(struct ctr_channel *channel, struct centro_instant now)
{
	CTR_ASSERT(channel->state == WAITING);
	CTR_ASSERT(!channel->conn);
	channel->state = CONNECTING;
	channel->began = now;
	channel->wake = ctr_after(now, channel->options.connect_timeout);
	channel->closing_error = CENTRO_OK;
	channel->word[0] = '\0';
}

void ctr_channel_connected(struct ctr_channel *channel, struct centro_instant now)
{
	CTR_ASSERT(!channel->conn);
	if (channel->state == CLOSING)
		return; /* too late */
	CTR_ASSERT(channel->state == CONNECTING);

	struct ctr_grpc_conn_options options = {
		.allocator = channel->allocator,
		.limits = channel->options.limits,
		.authority = current(channel)->authority,
	};
	int status = ctr_grpc_conn_new_client(&options, now, &channel->conn);
	if (status != CENTRO_OK) {
		give_up(channel, status);
		return;
	}
	channel->state = UP;
	channel->is_proved = false;
	channel->is_needed = false;
	if (channel->options.up)
		channel->options.up(channel->options.arg, channel, now);
}

static struct centro_span jittered(struct ctr_channel *channel, struct centro_span span)
{
	uint64_t half = span.ns / 2;
	return (struct centro_span){half + ctr_prng_below(&channel->prng, half + 1)};
}

/* Keep what is known about how this attempt or connection ended. */
static void note_error(struct ctr_channel *channel, int error)
{
	struct target *target = current(channel);
	const char *word = channel->word[0] ? channel->word : centro_error_help(error);

	snprintf(target->error, sizeof(target->error), "%s", word);
	ctr_error(&channel->last_error, error, "%.300s: %s", target->text, target->error);
}

/* Set `target`, `left` and `wake` for the next attempt. True: the round is over. */
static bool plan_next(struct ctr_channel *channel, struct centro_instant now, bool worked)
{
	CTR_ASSERT(channel->left >= 1);
	CTR_ASSERT(channel->left <= channel->target_count);
	channel->target = (channel->target + 1) % channel->target_count;
	if (worked) {
		/* At once, but no more often than the least pause allows. */
		channel->left = channel->target_count;
		channel->wake = ctr_after(channel->began, channel->options.backoff_min);
		return false;
	}
	channel->wake = now;
	channel->left--;
	if (channel->left > 0)
		return false;

	channel->left = channel->target_count;
	channel->wake = ctr_after(now, jittered(channel, channel->backoff));
	channel->backoff.ns = channel->backoff.ns > channel->options.backoff_max.ns / 2
				      ? channel->options.backoff_max.ns
				      : channel->backoff.ns * 2;
	return true;
}

void ctr_channel_closed(struct ctr_channel *channel, struct centro_instant now, int error)
{
	CTR_ASSERT(channel->state == CONNECTING || channel->state == UP ||
		   channel->state == CLOSING);
	struct ctr_grpc_conn *conn = channel->conn;
	bool worked = conn && channel->is_proved;

	if (channel->state == CLOSING)
		error = channel->closing_error;
	if (!worked)
		note_error(channel, error);
	bool round_over = plan_next(channel, now, worked);
	channel->conn = NULL;
	channel->is_proved = false;
	channel->state = channel->is_eager || channel->is_needed ? WAITING : IDLE;

	if (conn) {
		ctr_grpc_conn_free(conn);
		if (channel->options.down)
			channel->options.down(channel->options.arg, channel, now, error);
	}
	if (round_over && channel->options.failed)
		channel->options.failed(channel->options.arg, channel, now);
}

void ctr_channel_need(struct ctr_channel *channel, struct centro_instant now)
{
	CTR_ASSERT(channel->left >= 1);
	if (channel->state == UP && !ctr_grpc_conn_is_draining(channel->conn))
		return;
	channel->is_needed = true;
	if (channel->state != IDLE)
		return;
	/* `wake` still holds: who asks again at once waits out the pause. */
	channel->state = WAITING;
	if (channel->wake.ns < now.ns)
		channel->wake = now;
}

void ctr_channel_rest(struct ctr_channel *channel)
{
	channel->is_needed = false;
	if (channel->state == WAITING && !channel->is_eager)
		channel->state = IDLE;
}

int ctr_channel_recv(struct ctr_channel *channel, struct centro_instant now,
		     struct centro_bytes bytes)
{
	if (channel->state != UP)
		return CENTRO_ERR_STATE;
	CTR_ASSERT(channel->conn);

	int status = ctr_grpc_conn_recv(channel->conn, now, bytes);
	if (status != CENTRO_OK) {
		give_up(channel, status);
		return status;
	}
	if (!channel->is_proved && bytes.size > 0) {
		channel->is_proved = true;
		channel->left = channel->target_count;
		channel->backoff = channel->options.backoff_min;
		for (size_t i = 0; i < channel->target_count; i++)
			channel->targets[i].error[0] = '\0';
	}
	return CENTRO_OK;
}

int ctr_channel_send(struct ctr_channel *channel, struct centro_instant now, struct ctr_buf *out,
		     size_t bytes_max)
{
	if (!channel->conn)
		return CENTRO_ERR_STATE;
	CTR_ASSERT(channel->state == UP || channel->state == CLOSING);

	int status = ctr_grpc_conn_send(channel->conn, now, out, bytes_max);
	if (status != CENTRO_OK && channel->state == UP)
		give_up(channel, status);
	return status;
}

static void time_out(struct ctr_channel *channel)
{
	char span[32];
	snprintf(channel->word, sizeof(channel->word), "no answer within %s",
		 centro_span_format(channel->options.connect_timeout, span, sizeof(span)));
	give_up(channel, CENTRO_ERR_UNAVAILABLE);
}

struct centro_instant ctr_channel_tick(struct ctr_channel *channel, struct centro_instant now)
{
	if (channel->state == CONNECTING && ctr_reached(channel->wake, now))
		time_out(channel);

	switch (channel->state) {
	case IDLE:
		return CTR_NEVER;
	case WAITING:
	case CONNECTING:
		return channel->wake;
	case UP:
		CTR_ASSERT(channel->conn);
		return ctr_grpc_conn_tick(channel->conn, now);
	case CLOSING:
		return now;
	}
	CTR_UNREACHABLE();
}

struct ctr_grpc_conn *ctr_channel_conn(const struct ctr_channel *channel)
{
	if (channel->state != UP)
		return NULL;
	CTR_ASSERT(channel->conn);
	if (ctr_grpc_conn_is_draining(channel->conn) || ctr_grpc_conn_is_finished(channel->conn))
		return NULL;
	return channel->conn;
}

const char *ctr_channel_last_error(const struct ctr_channel *channel)
{
	return channel->last_error.text;
}

void ctr_channel_round_error(const struct ctr_channel *channel, struct centro_error_text *ret_text)
{
	size_t used = 0;
	ret_text->text[0] = '\0';
	for (size_t i = 0; i < channel->target_count; i++) {
		const struct target *target = &channel->targets[i];
		if (!target->error[0])
			continue;
		int more =
			snprintf(ret_text->text + used, sizeof(ret_text->text) - used,
				 "%s%.300s: %s", used > 0 ? "; " : "", target->text, target->error);
		if (more < 0 || (size_t)more >= sizeof(ret_text->text) - used)
			break; /* what fits is enough for a person */
		used += (size_t)more;
	}
}

void ctr_channel_set_last_error(struct ctr_channel *channel, const char *text)
{
	CTR_ASSERT(text);
	/* What we found out ourselves is nearer to the cause. */
	if (channel->state != CLOSING || !channel->word[0])
		snprintf(channel->word, sizeof(channel->word), "%s", text);
}

/* SPDX-License-Identifier: MIT */
/*
 * conn_play.c - one connection, played with.
 *
 * What is checked is in the callbacks and in check(): a call is told `closed` once and
 * nothing afterwards; no message comes after the end, to a paused call or over
 * the limit; an error leaves no call open; what is held stays within the limit.
 */
#include "conn_play.h"

#include "base/assert.h"
#include "base/time.h"

#define SENT_SIZE_MAX  65535 /* of a message of ours: its step has two bytes for it */
#define FLUSH_PIECE    4096
#define FLUSH_TURNS    10000
#define FRAME_SIZE_MAX (9 + 16384)

static const uint8_t filler[SENT_SIZE_MAX];

/* ---- the owner ---- */

static void start_call(struct conn_play *play, unsigned what, uint64_t ms);

static void send_message(struct conn_call *seen, struct centro_bytes message)
{
	size_t limit = seen->play->conn->limits.call_queue_bytes_max;
	bool is_first = ctr_grpc_call_queued_bytes(seen->call) == 0;
	int status = ctr_grpc_call_send(seen->call, message);
	if (status == CENTRO_OK && !is_first)
		ck_assert_uint_le(ctr_grpc_call_queued_bytes(seen->call), limit);
}

static void end_call(struct conn_call *seen, uint32_t status)
{
	if (seen->play->is_server)
		ctr_grpc_call_finish(seen->call, status % CTR_GRPC_STATUS_COUNT, "a text");
	else
		ctr_grpc_call_half_close(seen->call);
}

static void set_paused(struct conn_call *seen, bool paused)
{
	seen->is_paused = paused;
	ctr_grpc_call_set_paused(seen->call, paused);
}

/* In a callback, to its own call or, with the last ones, to another. */
static void react(struct conn_call *seen, struct centro_bytes message)
{
	struct conn_play *play = seen->play;
	unsigned what = play->reactions & 7;
	play->reactions = play->reactions >> 3 | play->reactions << 29;
	switch (what) {
	case 1:
		send_message(seen, message);
		break;
	case 2:
		end_call(seen, CTR_GRPC_OK);
		break;
	case 3:
		set_paused(seen, true);
		break;
	case 4:
		ctr_grpc_call_cancel(seen->call);
		break;
	case 5:
		send_message(seen, ctr_bytes(filler, 3000));
		break;
	case 6:
		if (play->calls[0].call)
			set_paused(&play->calls[0], !play->calls[0].is_paused);
		break;
	case 7:
		start_call(play, 0, 0);
		break;
	default:
		break;
	}
}

static void check_told(const struct conn_call *seen, const struct ctr_grpc_call *call)
{
	ck_assert(seen->play->is_inside);
	ck_assert_ptr_nonnull(call);
	ck_assert_ptr_eq(seen->call, call);
	ck_assert_ptr_eq(ctr_grpc_call_get_arg(call), seen);
}

/* All that came is there to be read. */
static void read_metadata(const struct ctr_grpc_call *call)
{
	static const char *const names[] = {"data-bin", "large", "x", "none"};
	struct centro_bytes value;
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++)
		if (ctr_grpc_call_get_metadata(call, names[i], &value))
			ctr_hash_bytes(value, 0);
}

static void on_headers(void *arg, struct ctr_grpc_call *call)
{
	struct conn_call *seen = arg;
	check_told(seen, call);
	ck_assert(!seen->play->is_server && !seen->has_headers);
	seen->has_headers = true;
	read_metadata(call);
	react(seen, ctr_bytes(NULL, 0));
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct conn_call *seen = arg;
	check_told(seen, call);
	ck_assert(!seen->half_closed);
	ck_assert(!seen->is_paused);
	ck_assert(seen->play->is_server || seen->has_headers);
	ck_assert_uint_le(message.size, seen->play->conn->limits.message_bytes_max);
	ctr_hash_bytes(message, 0); /* reads all of it */
	react(seen, message);
}

static void on_half_closed(void *arg, struct ctr_grpc_call *call)
{
	struct conn_call *seen = arg;
	check_told(seen, call);
	ck_assert(seen->play->is_server && !seen->half_closed);
	seen->half_closed = true;
	react(seen, ctr_bytes(NULL, 0));
}

static void on_writable(void *arg, struct ctr_grpc_call *call)
{
	struct conn_call *seen = arg;
	check_told(seen, call);
	react(seen, ctr_bytes(NULL, 0));
}

static void on_closed(void *arg, struct ctr_grpc_call *call, enum ctr_grpc_status status,
		      struct centro_bytes message, bool never_sent)
{
	struct conn_call *seen = arg;
	check_told(seen, call);
	ck_assert(!never_sent || !seen->has_headers);
	ctr_hash_bytes(message, 0);
	seen->call = NULL;
}

static const struct ctr_grpc_call_impl call_impl = {
	.headers = on_headers,
	.message = on_message,
	.half_closed = on_half_closed,
	.writable = on_writable,
	.closed = on_closed,
};

static struct conn_call *new_call(struct conn_play *play)
{
	if (play->call_count == CONN_CALLS_MAX)
		return NULL;
	struct conn_call *seen = &play->calls[play->call_count++];
	seen->play = play;
	return seen;
}

static void on_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	struct conn_play *play = arg;
	ck_assert(play->is_inside);
	ck_assert_ptr_eq(conn, ctr_grpc_call_get_conn(call));
	ck_assert_uint_ge(ctr_grpc_call_get_path(call).size, 1);
	read_metadata(call);
	struct conn_call *seen = new_call(play);
	if (!seen)
		return; /* answered UNIMPLEMENTED */
	seen->call = call;
	ctr_grpc_call_set_impl(call, &call_impl, seen);
	react(seen, ctr_bytes_str("hello"));
}

static const struct ctr_grpc_server_impl server_impl = {.call = on_call};

static void start_call(struct conn_play *play, unsigned what, uint64_t ms)
{
	static const char *const paths[] = {"/t/Echo", "/t.T/Once", "/centro.v1.Jobs/Get", "/a/b"};
	static const struct ctr_grpc_metadata metadata[] = {
		{{(const uint8_t *)"authorization", 13}, {(const uint8_t *)"Bearer x", 8}},
		{{(const uint8_t *)"data-bin", 8}, {(const uint8_t *)"\0\1\2", 3}},
		{{(const uint8_t *)"data", 4}, {filler, 2}},
	};
	struct conn_call *seen = play->is_server ? NULL : new_call(play);
	struct centro_instant deadline = ms > 0 ? ctr_after(play->now, ctr_span_ms(ms)) : CTR_NEVER;
	if (!seen)
		return;
	/* `closed` does not come before this has returned. */
	if (ctr_grpc_call_start(play->conn, paths[what & 3], metadata, what >> 2 & 3, play->now,
				deadline, &call_impl, seen, &seen->call) != CENTRO_OK)
		play->call_count--;
}

/* ---- what holds ---- */

static size_t count_open(const struct conn_play *play)
{
	size_t open = 0;
	for (size_t i = 0; i < play->call_count; i++)
		open += play->calls[i].call != NULL;
	return open;
}

static void check(const struct conn_play *play)
{
	const struct ctr_grpc_limits *limits = &play->conn->limits;
	size_t open = count_open(play);
	ck_assert_uint_ge(ctr_grpc_conn_calls(play->conn), open);
	ck_assert_uint_le(ctr_grpc_conn_calls(play->conn), limits->streams_max);
	if (play->call_count < CONN_CALLS_MAX)
		ck_assert_uint_eq(ctr_grpc_conn_calls(play->conn), open);
	/* "A window or so more"; and a first message is let through, whatever its size. */
	ck_assert_uint_le(play->conn->held_bytes, limits->conn_queue_bytes_max + SENT_SIZE_MAX +
							  2 * (size_t)limits->window_bytes +
							  limits->message_bytes_max);
}

/* Whole frames of a size that every peer takes, behind a client's preface. */
static void check_frames(struct conn_play *play, bool *has_preface)
{
	size_t at = 0;
	if (!play->is_server && !*has_preface && play->out.size > 0) {
		at = NGHTTP2_CLIENT_MAGIC_LEN;
		ck_assert_uint_ge(play->out.size, at);
		ck_assert(memcmp(play->out.data, NGHTTP2_CLIENT_MAGIC, at) == 0);
		*has_preface = true;
	}
	while (at < play->out.size) {
		ck_assert_uint_ge(play->out.size - at, 9);
		const uint8_t *head = play->out.data + at;
		size_t size = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
		ck_assert_uint_le(size, 16384);
		ck_assert_uint_le(9 + size, play->out.size - at);
		at += 9 + size;
	}
	ctr_buf_clear(&play->out);
}

/* ---- steps ---- */

struct conn_player {
	struct conn_play *play;
	struct fuzz_input *input;
	bool has_preface; /* has been sent */
	bool has_received;
};

static void do_send(struct conn_player *player, size_t bytes_max)
{
	struct conn_play *play = player->play;
	size_t control_max = player->has_received ? (size_t)64 * 1024 : 0;
	play->is_inside = true;
	int status = ctr_grpc_conn_send(play->conn, play->now, &play->out, bytes_max);
	play->is_inside = false;
	ck_assert_int_eq(status, CENTRO_OK);
	ck_assert_uint_le(play->out.size, bytes_max + FRAME_SIZE_MAX + control_max);
	/* Else the owner's loop would turn for ever. */
	ck_assert(play->out.size > 0 || bytes_max == 0 || !ctr_grpc_conn_wants_send(play->conn));
	check_frames(play, &player->has_preface);
	player->has_received = false;
}

static void flush(struct conn_player *player)
{
	int turns = 0;
	while (ctr_grpc_conn_wants_send(player->play->conn)) {
		ck_assert_int_lt(turns++, FLUSH_TURNS);
		do_send(player, FLUSH_PIECE);
	}
}

static void do_recv(struct conn_player *player, struct centro_bytes bytes)
{
	struct conn_play *play = player->play;
	play->is_inside = true;
	int status = ctr_grpc_conn_recv(play->conn, play->now, bytes);
	play->is_inside = false;
	player->has_received = true;
	ck_assert_int_ne(status, CENTRO_ERR_NOMEM);
	if (status == CENTRO_OK)
		return;
	ck_assert_uint_eq(count_open(play), 0);
	flush(player);
	ck_assert(ctr_grpc_conn_is_finished(play->conn));
}

static void do_recv_cut(struct conn_player *player, size_t piece, struct centro_bytes bytes)
{
	struct fuzz_input rest = {bytes.data, bytes.size};
	while (rest.size > 0)
		do_recv(player, fuzz_take(&rest, piece));
}

static void do_wait(struct conn_player *player, uint64_t ms)
{
	struct conn_play *play = player->play;
	play->now = ctr_after(play->now, ctr_span_ms(ms));
	play->is_inside = true;
	struct centro_instant next = ctr_grpc_conn_tick(play->conn, play->now);
	play->is_inside = false;
	/* What was due has been done. */
	ck_assert(ctr_grpc_conn_is_finished(play->conn) || next.ns > play->now.ns);
}

/* Of those not closed, the n-th or so; NULL: none is open. */
static struct conn_call *pick_call(struct conn_player *player)
{
	struct conn_play *play = player->play;
	size_t first = fuzz_u8(player->input);
	for (size_t i = 0; i < play->call_count; i++) {
		struct conn_call *seen = &play->calls[(first + i) % play->call_count];
		if (seen->call)
			return seen;
	}
	return NULL;
}

static void do_to_call(struct conn_player *player, enum conn_step step)
{
	struct conn_call *seen = pick_call(player);
	unsigned value = step == CONN_CANCEL    ? 0
			 : step == CONN_MESSAGE ? fuzz_u16(player->input)
						: fuzz_u8(player->input);
	if (!seen)
		return;
	switch (step) {
	case CONN_MESSAGE:
		send_message(seen, ctr_bytes(filler, value));
		break;
	case CONN_END:
		end_call(seen, value);
		break;
	case CONN_CANCEL:
		ctr_grpc_call_cancel(seen->call);
		break;
	default:
		set_paused(seen, value & 1);
		break;
	}
}

static void do_step(struct conn_player *player)
{
	struct conn_play *play = player->play;
	struct fuzz_input *input = player->input;
	enum conn_step step = (enum conn_step)fuzz_below(input, CONN_STEP_COUNT);
	switch (step) {
	case CONN_RECV:
		do_recv(player, fuzz_take(input, fuzz_u16(input)));
		break;
	case CONN_RECV_CUT: {
		size_t piece = 1 + (size_t)fuzz_u8(input);
		do_recv_cut(player, piece, fuzz_take(input, fuzz_u16(input)));
		break;
	}
	case CONN_SEND:
		do_send(player, fuzz_u16(input));
		break;
	case CONN_FLUSH:
		flush(player);
		break;
	case CONN_WAIT:
		do_wait(player, fuzz_u16(input));
		break;
	case CONN_DRAIN:
		ctr_grpc_conn_drain(play->conn, play->now);
		break;
	case CONN_START: {
		unsigned what = fuzz_u8(input);
		start_call(play, what, fuzz_u16(input));
		break;
	}
	default:
		do_to_call(player, step);
		break;
	}
}

static struct ctr_grpc_limits read_limits(struct fuzz_input *input)
{
	struct ctr_grpc_limits limits = {0};
	uint8_t profile = fuzz_u8(input);
	if (profile & 1)
		limits = (struct ctr_grpc_limits){
			.message_bytes_max = 1000,
			.header_bytes_soft = 300,
			.header_bytes_hard = 2000,
			.streams_max = 4,
			.window_bytes = 4096,
			.call_queue_bytes_max = 2000,
			.conn_queue_bytes_max = 6000,
			.pings_per_second = 1,
			.settings_per_second = 1,
			.resets_per_second = 2,
			.empty_frames_per_second = 2,
			.window_updates_per_second = 4,
		};
	if (profile & 2)
		limits.keepalive = ctr_span_ms(1000);
	if (profile & 4)
		limits.idle_timeout = ctr_span_ms(2000);
	return limits;
}

static void open_conn(struct conn_play *play, struct fuzz_input *input)
{
	failing_allocator_init(&play->memory, /* fail_at= */ 0);
	play->now.ns = 1000 * CTR_NS_PER_SEC;
	ctr_buf_init(&play->out, NULL, 0);
	const struct ctr_grpc_conn_options options = {
		.allocator = &play->memory.allocator,
		.limits = read_limits(input),
		.authority = "a.test:1",
	};
	play->reactions = (uint32_t)fuzz_uint(input, 4);
	int status = play->is_server ? ctr_grpc_conn_new_server(&options, &server_impl, play,
								play->now, &play->conn)
				     : ctr_grpc_conn_new_client(&options, play->now, &play->conn);
	ck_assert_int_eq(status, CENTRO_OK);
}

static void close_conn(struct conn_play *play)
{
	play->is_inside = true;
	ctr_grpc_conn_free(play->conn);
	ck_assert_uint_eq(count_open(play), 0);
	ck_assert_uint_eq(play->memory.live, 0);
	ctr_buf_fini(&play->out);
}

void conn_play(bool is_server, struct fuzz_input *input)
{
	struct conn_play play = {.is_server = is_server};
	struct conn_player player = {.play = &play, .input = input};
	open_conn(&play, input);
	while (input->size > 0 && !ctr_grpc_conn_is_finished(play.conn)) {
		do_step(&player);
		check(&play);
	}
	flush(&player);
	close_conn(&play);
}

/* SPDX-License-Identifier: MIT */
/*
 * make_corpus_wire.c - sessions between a client and a server of our own, as recorded: what
 * one side said is what the other's target is given.
 */
#include "conn_play.h"
#include "make_corpus.h"
#include "unit/wire/pump.h"

#include "base/time.h"

struct session {
	const char *name;
	void (*play)(struct pump *pump);
	/* How conn_play() should treat it: its first bytes, and the calls of the client. */
	uint8_t profile;
	uint32_t reactions;
	size_t calls;
};

static void play_unary(struct pump *pump)
{
	pump_unary(pump, "/t/Echo", "hello");
}

static void play_stream(struct pump *pump)
{
	pump_unary(pump, "/t/Stream", "20 50");
}

static void play_several(struct pump *pump)
{
	const struct ctr_grpc_metadata metadata[] = {
		{ctr_bytes_str("authorization"), ctr_bytes_str("Bearer token")},
		{ctr_bytes_str("data-bin"), ctr_bytes_str("\1\2\3")},
	};
	static const char *const paths[] = {"/t/Echo", "/t/Once", "/t/Hold", "/t/Nothing"};
	for (size_t i = 0; i < 4; i++) {
		struct pump_call *call = NULL;
		ck_assert_int_eq(pump_start_with(pump, paths[i], metadata, i % 3,
						 ctr_after(pump->now, ctr_span_ms(1000)), &call),
				 CENTRO_OK);
		pump_send_size(call, 1 + i * 300);
		if (i != 2)
			ctr_grpc_call_half_close(call->call);
	}
}

static void play_cancel(struct pump *pump)
{
	struct pump_call *call = pump_start(pump, "/t/Hold");
	pump_send(call, "a");
	pump_run(pump);
	ctr_grpc_call_cancel(call->call);
	pump_unary(pump, "/t/Once", "b");
}

static void play_drain(struct pump *pump)
{
	struct pump_call *call = pump_start(pump, "/t/Echo");
	pump_run(pump);
	ctr_grpc_conn_drain(pump->server, pump->now);
	pump_wait(pump, 300);
	pump_send(call, "last");
	ctr_grpc_call_half_close(call->call);
}

static void play_failure(struct pump *pump)
{
	const struct ctr_grpc_metadata metadata = {ctr_bytes_str("fail"),
						   ctr_bytes_str("9 not n\xc3\xb6w")};
	struct pump_call *call = NULL;
	ck_assert_int_eq(pump_start_with(pump, "/t/Fail", &metadata, 1, CTR_NEVER, &call),
			 CENTRO_OK);
}

static void play_windows(struct pump *pump)
{
	pump_unary(pump, "/t/Stream", "6 1500");
	struct pump_call *call = pump_start(pump, "/t/Echo");
	for (int i = 0; i < 4; i++)
		pump_send_size(call, 900);
	ctr_grpc_call_half_close(call->call);
}

static void put_header(struct ctr_buf *input, const struct session *session)
{
	corpus_put_uint(input, session->profile, 1);
	corpus_put_uint(input, session->reactions, 4);
}

static void put_recv(struct ctr_buf *input, const struct ctr_buf *said)
{
	corpus_put_uint(input, CONN_RECV, 1);
	corpus_put_sized(input, ctr_buf_bytes(said), 2);
	corpus_put_uint(input, CONN_FLUSH, 1);
	corpus_put_uint(input, CONN_WAIT, 1);
	corpus_put_uint(input, 500, 2);
}

/* More than the small limits let through, to each call, and its end. */
static void put_messages(struct ctr_buf *input)
{
	for (unsigned i = 0; i < 8; i++) {
		corpus_put_uint(input, CONN_MESSAGE, 1);
		corpus_put_uint(input, i, 1);
		corpus_put_uint(input, 1500, 2);
	}
	corpus_put_uint(input, CONN_FLUSH, 1);
	corpus_put_uint(input, CONN_END, 1);
	corpus_put_uint(input, 0, 2);
	corpus_put_uint(input, CONN_FLUSH, 1);
}

static void save_session(const struct session *session, const struct ctr_buf *by_client,
			 const struct ctr_buf *by_server)
{
	struct ctr_buf input;
	ctr_buf_init(&input, NULL, 0);
	put_header(&input, session);
	put_recv(&input, by_client);
	put_messages(&input);
	corpus_saved("http2_server", session->name, &input);

	put_header(&input, session);
	for (size_t i = 0; i < session->calls; i++) {
		corpus_put_uint(&input, CONN_START, 1);
		corpus_put_uint(&input, i, 3);
	}
	corpus_put_uint(&input, CONN_FLUSH, 1);
	put_messages(&input);
	put_recv(&input, by_server);
	corpus_saved("http2_client", session->name, &input);
	ctr_buf_fini(&input);
}

static void record(const struct session *session)
{
	struct pump pump;
	struct ctr_buf by_client, by_server;
	struct pump_options options = {.seed = 1};
	if (session->profile & 1)
		options.client.window_bytes = options.server.window_bytes = 4096;
	ck_assert(pump_open(&pump, &options));
	ctr_buf_init(&by_client, NULL, 0);
	ctr_buf_init(&by_server, NULL, 0);
	pump.sent_by_client = &by_client;
	pump.sent_by_server = &by_server;
	session->play(&pump);
	pump_run(&pump);
	save_session(session, &by_client, &by_server);
	pump_close(&pump);
	ctr_buf_fini(&by_client);
	ctr_buf_fini(&by_server);
}

void corpus_make_wire(void)
{
	/* Reactions are octal digits, from the last one on: see react(). */
	static const struct session sessions[] = {
		{"unary", play_unary, 0, 0, 1},
		{"unary-answered", play_unary, 0, 0211, 1},
		{"stream", play_stream, 0, 0, 1},
		{"several", play_several, 0, 01111, 4},
		{"several-small", play_several, 1, 015151, 4},
		{"several-paused", play_several, 1, 063, 4},
		{"cancel", play_cancel, 2, 0214, 2},
		{"drain", play_drain, 4, 0, 1},
		{"failure", play_failure, 0, 02, 1},
		{"windows", play_windows, 0, 0, 2},
		{"windows-small", play_windows, 1, 05, 2},
	};
	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++)
		record(&sessions[i]);
}

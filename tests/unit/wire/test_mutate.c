/* SPDX-License-Identifier: MIT */
/*
 * Recorded sessions with a few bytes changed, given to either side: whatever
 * comes, nothing crashes, every call is told, and nothing stays behind.
 */
#include "pump.h"

#include "base/bytes.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define ROUNDS 1000
/* What one connection may take for a session of a few kilobytes. */
#define CALLS_MAX 20000

static void begin_calls(struct pump *pump)
{
	const struct ctr_grpc_metadata metadata[] = {
		{ctr_bytes_str("authorization"), ctr_bytes_str("Bearer token")},
		{ctr_bytes_str("data-bin"), ctr_bytes_str("\1\2\3")},
	};
	static const char *const paths[] = {"/t/Echo", "/t/Once", "/t/Hold", "/t/Nothing"};
	for (size_t i = 0; i < 12; i++) {
		struct pump_call *call = NULL;
		struct centro_instant deadline =
			i % 2 == 0 ? CTR_NEVER : ctr_after(pump->now, ctr_span_ms(1000));
		ck_assert_int_eq(
			pump_start_with(pump, paths[i % 4], metadata, i % 3, deadline, &call),
			CENTRO_OK);
		for (size_t n = 0; n < i % 3; n++)
			ck_assert_int_eq(pump_send_size(call, 1 + n * 700), CENTRO_OK);
		if (i % 4 != 2)
			ctr_grpc_call_half_close(call->call);
	}
}

/* All that each side said in a session that went well. */
static void record(struct ctr_buf *from_client, struct ctr_buf *from_server)
{
	struct pump pump;
	ck_assert(pump_open(&pump, NULL));
	ctr_buf_init(from_client, NULL, 0);
	ctr_buf_init(from_server, NULL, 0);
	pump.sent_by_client = from_client;
	pump.sent_by_server = from_server;
	begin_calls(&pump);
	pump_run(&pump);
	ck_assert_uint_gt(from_client->size, 2000);
	ck_assert_uint_gt(from_server->size, 1000);
	pump_close(&pump);
}

static void mutate(struct ctr_buf *bytes, struct ctr_prng *prng)
{
	size_t count = 1 + ctr_prng_below(prng, 6);
	while (count-- > 0 && bytes->size > 0) {
		/* Early bytes decide more. */
		size_t at = ctr_prng_below(prng, 1 + ctr_prng_below(prng, bytes->size));
		uint8_t value = (uint8_t)ctr_prng_next(prng);
		switch (ctr_prng_below(prng, 4)) {
		case 0:
			bytes->data[at] = value;
			break;
		case 1:
			bytes->data[at] ^= (uint8_t)(1 << value % 8);
			break;
		case 2: /* what stood there is gone */
			memmove(bytes->data + at, bytes->data + at + 1, bytes->size - at - 1);
			bytes->size--;
			break;
		default: /* what comes then stands there twice */
			if (bytes->size - at <= value || ctr_buf_reserve(bytes, value) != CENTRO_OK)
				break;
			memmove(bytes->data + at + value, bytes->data + at, bytes->size - at);
			bytes->size += value;
			break;
		}
	}
}

static void give_mutated(struct pump *pump, struct ctr_grpc_conn *conn,
			 const struct ctr_buf *recorded)
{
	struct ctr_buf bytes, out;
	ctr_buf_init(&bytes, NULL, 0);
	ctr_buf_init(&out, NULL, 0);
	ctr_buf_append(&bytes, recorded->data, recorded->size);
	mutate(&bytes, &pump->prng);
	for (size_t at = 0; at < bytes.size;) {
		size_t size = 1 + ctr_prng_below(&pump->prng, 400);
		if (size > bytes.size - at)
			size = bytes.size - at;
		ctr_grpc_conn_recv(conn, pump->now, ctr_bytes(bytes.data + at, size));
		at += size;
		if (ctr_prng_below(&pump->prng, 3) == 0)
			ctr_grpc_conn_send(conn, pump->now, &out, 5000);
	}
	pump->now = ctr_after(pump->now, ctr_span_ms(2000));
	ctr_grpc_conn_tick(conn, pump->now);
	while (ctr_grpc_conn_wants_send(conn)) {
		size_t before = out.size;
		ctr_grpc_conn_send(conn, pump->now, &out, 5000);
		if (out.size == before)
			break;
	}
	ctr_buf_fini(&bytes);
	ctr_buf_fini(&out);
}

static void run(bool to_server)
{
	struct ctr_buf from_client, from_server;
	record(&from_client, &from_server);
	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		struct failing_allocator counting;
		failing_allocator_init(&counting, /* fail_at= */ 0);
		struct pump pump;
		ck_assert(
			pump_open(&pump, &(struct pump_options){.seed = seed,
								.allocator = &counting.allocator}));
		if (to_server) {
			give_mutated(&pump, pump.server, &from_client);
		} else {
			begin_calls(&pump);
			give_mutated(&pump, pump.client, &from_server);
		}
		pump_close(&pump);
		ck_assert_uint_eq(counting.live, 0);
		ck_assert_uint_lt(counting.calls, CALLS_MAX);
	}
	ctr_buf_fini(&from_client);
	ctr_buf_fini(&from_server);
}

START_TEST(a_server_stands_it)
{
	run(/* to_server= */ true);
}
END_TEST

START_TEST(a_client_stands_it)
{
	run(/* to_server= */ false);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/mutate");
	TCase *tcase = tcase_create("all");
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_server_stands_it);
	tcase_add_test(tcase, a_client_stands_it);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

/* SPDX-License-Identifier: MIT */
/* fixture.c - a client and a scripted server. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static const uint8_t submit_answer[] = {0x08, 42};            /* id: 42 */
static const uint8_t watch_answer[] = {0x0a, 0x02, 0x08, 42}; /* job { id: 42 } */
static const uint8_t garbage[] = {0xff, 0xff};

static bool is_watch(struct ctr_grpc_call *call)
{
	return ctr_bytes_equal(ctr_grpc_call_get_path(call),
			       ctr_bytes_str("/centro.v1.JobService/Watch"));
}

static void answer(struct ctr_grpc_call *call)
{
	if (!is_watch(call)) {
		ctr_grpc_call_send(call, ctr_bytes(submit_answer, sizeof(submit_answer)));
	} else {
		for (int i = 0; i < 3; i++)
			ctr_grpc_call_send(call, ctr_bytes(watch_answer, sizeof(watch_answer)));
	}
	ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
}

static void on_half_closed(void *arg, struct ctr_grpc_call *call)
{
	struct fixture *fixture = arg;
	fixture->seen++;
	switch (fixture->behaviour) {
	case ANSWER:
		answer(call);
		break;
	case GARBAGE:
		ctr_grpc_call_send(call, ctr_bytes(garbage, sizeof(garbage)));
		break;
	case EMPTY:
		ctr_grpc_call_finish(call, CTR_GRPC_OK, NULL);
		break;
	case FAIL:
		ctr_grpc_call_finish(call, CTR_GRPC_INVALID_ARGUMENT, "job.tasks: there are none");
		break;
	case UNWELL:
		ctr_grpc_call_finish(call, CTR_GRPC_UNAVAILABLE, "loading the store");
		break;
	case HALF:
		ctr_grpc_call_send(call, ctr_bytes(watch_answer, sizeof(watch_answer)));
		break;
	case HOLD:
	case REFUSE:
		break;
	}
}

static void on_message(void *arg, struct ctr_grpc_call *call, struct centro_bytes message)
{
	struct fixture *fixture = arg;
	fixture->request[0] = '\0';
	for (size_t i = 0; i < message.size && i < 100; i++)
		sprintf(fixture->request + 2 * i, "%02x", message.data[i]);
}

static const struct ctr_grpc_call_impl call_impl = {
	.message = on_message,
	.half_closed = on_half_closed,
};

static void on_call(void *arg, struct ctr_grpc_conn *conn, struct ctr_grpc_call *call)
{
	struct fixture *fixture = arg;
	if (fixture->behaviour == REFUSE && !ctr_grpc_conn_is_draining(conn))
		ctr_grpc_conn_drain(conn, fixture->net.now);
	ctr_grpc_call_set_impl(call, &call_impl, fixture);
}

static const struct ctr_grpc_server_impl server_impl = {.call = on_call};

static void on_turn(void *arg, struct centro_instant now)
{
	struct fixture *fixture = arg;
	ctr_client_turn(fixture->client, now);
}

static void on_queued(void *arg)
{
	((struct fixture *)arg)->queued++;
}

void fixture_open(struct fixture *fixture, const struct centro_allocator *allocator)
{
	static const char *const servers[] = {"10.0.0.1:1"};
	struct ctr_client_options options = {
		.allocator = allocator,
		.servers = servers,
		.server_count = 1,
		.seed = 5,
		.queued = on_queued,
		.arg = fixture,
	};
	*fixture = (struct fixture){0};
	channel_net_init(&fixture->net, &server_impl, fixture);
	fixture->net.turn = on_turn;
	fixture->net.turn_arg = fixture;
	int status = ctr_client_new(&options, fixture->net.now, &fixture->client, NULL);
	if (status != CENTRO_OK) {
		ck_assert_int_eq(status, CENTRO_ERR_NOMEM);
		fixture->client = NULL;
		return;
	}
	fixture->net.channel = ctr_client_channel(fixture->client);
}

void fixture_close(struct fixture *fixture)
{
	channel_net_fini(&fixture->net);
	ctr_client_free(fixture->client);
}

static void outcome_message(void *arg, struct centro_bytes message)
{
	struct outcome *outcome = arg;
	ck_assert_uint_eq(outcome->done, 0);
	outcome->messages++;
	snprintf(outcome->message, sizeof(outcome->message), "%.*s", (int)message.size,
		 (const char *)message.data);
}

static void outcome_done(void *arg, int status, const char *text)
{
	struct outcome *outcome = arg;
	ck_assert_uint_eq(outcome->done, 0);
	ck_assert_ptr_nonnull(text);
	outcome->done++;
	outcome->status = status;
	snprintf(outcome->text, sizeof(outcome->text), "%s", text);
	outcome->call = NULL;
	if (outcome->on_done)
		outcome->on_done(outcome);
}

void fixture_call(struct fixture *fixture, const char *method, const char *json,
		  const struct centro_call_options *options, struct outcome *outcome)
{
	struct centro_call_options all = CENTRO_CALL_OPTIONS_INIT;
	struct centro_error_text text = {""};
	if (options)
		all = *options;
	all.encoding = CENTRO_JSON;
	all.message = outcome_message;
	all.done = outcome_done;
	all.arg = outcome;
	int status = ctr_client_call(fixture->client, fixture->net.now, method, ctr_bytes_str(json),
				     &all, &outcome->call, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
}

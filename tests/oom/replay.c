/* SPDX-License-Identifier: MIT */
/*
 * replay.c - centro/replay.h without memory, and a server without memory that records.
 */
#include <centro/replay.h>

#include <stdio.h>

#include "base/bytes.h"
#include "net.h"
#include "suites.h"

/* ---- a recording ------------------------------------------------- */

#define SUBMIT(id)                                                                              \
	"{\"job\":{\"name\":\"j\",\"labels\":{\"a\":\"b\"},\"tasks\":[{\"command\":[\"x\"]}]}," \
	"\"request_id\":\"" id "\"}"
#define NODE                                                                                  \
	"{\"node\":{\"name\":\"n1\",\"labels\":{\"a\":\"b\"},\"capacity\":"                   \
	"{\"cpu_milli\":4000,\"memory_mib\":4096}},\"held\":[{\"job\":\"1\",\"attempt\":1}]," \
	"\"agent_id\":\"7\",\"session\":\"1\"}"
#define CLAIM                                                \
	"{\"node_id\":\"1\",\"session\":\"1\",\"attempts\":" \
	"[{\"job\":\"1\",\"attempt\":1}]}"

static const struct {
	const char *method, *json;
} calls[] = {
	{"AgentService/Heartbeat", NODE},
	{"JobService/Submit", SUBMIT("one")},
	{"JobService/Submit", SUBMIT("two")},
	{"AgentService/ClaimJob", CLAIM},
	{"AgentService/Heartbeat", NODE},
	{"JobService/Cancel", "{\"id\":\"2\",\"reason\":\"r\"}"},
};
#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

/* Whatever comes of them. */
static void make_calls(struct net *net)
{
	for (size_t i = 0; i < CALL_COUNT; i++) {
		struct net_call call;
		ck_assert_int_eq(net_start(net, &call, calls[i].method, calls[i].json), CENTRO_OK);
		net_run(net, &call, 20);
		if (!call.is_done)
			centro_call_cancel(call.call);
		(void)net_wait(net, &call);
	}
}

struct recording {
	uint8_t bytes[65536];
	size_t size;
};

static void read_recording(const struct net *net, struct recording *recording)
{
	FILE *file = fopen(net->record, "r");
	ck_assert_ptr_nonnull(file);
	recording->size = fread(recording->bytes, 1, sizeof(recording->bytes), file);
	ck_assert_uint_lt(recording->size, sizeof(recording->bytes));
	fclose(file);
}

/* On a store that holds something: what is loaded is recorded, too. */
static void record(struct recording *recording)
{
	struct net net;
	net_init(&net, "file:");
	net_open_server(&net, oom_plain());
	net_open_client(&net, oom_plain());
	make_calls(&net);
	net_close_server(&net);
	snprintf(net.record, sizeof(net.record), "%s/record", net.dir.path);
	net_open_server(&net, oom_plain());
	make_calls(&net);
	net_close_server(&net);
	read_recording(&net, recording);
	net_fini(&net);
}

/* ---- read -------------------------------------------------------- */

static void on_line(void *arg, const char *line)
{
	size_t *lines = arg;
	(*lines)++;
}

/* In pieces, so that records are put together again. NULL: no memory for the replay itself. */
static int replay(const struct recording *recording, const struct centro_allocator *allocator,
		  struct centro_replay **ret_replay)
{
	static size_t lines;
	struct centro_error_text text = {""};
	struct centro_replay_options options = CENTRO_REPLAY_OPTIONS_INIT;
	options.allocator = allocator;
	options.line = on_line;
	options.arg = &lines;
	*ret_replay = NULL;
	int status = centro_replay_new(&options, ret_replay);
	for (size_t at = 0; at < recording->size && status == CENTRO_OK; at += 100) {
		size_t size = recording->size - at < 100 ? recording->size - at : 100;
		status = centro_replay_feed(*ret_replay, ctr_bytes(recording->bytes + at, size),
					    &text);
	}
	return status == CENTRO_OK ? centro_replay_end(*ret_replay, &text) : status;
}

static enum centro_replay_state state_of(const struct centro_replay *replay)
{
	struct centro_replay_report report = {.size = sizeof(report)};
	ck_assert_int_eq(centro_replay_get_report(replay, &report), CENTRO_OK);
	ck_assert_msg(report.differences == 0, "%s: %s", report.input_text.text, report.difference);
	return report.state;
}

static struct recording whole;

/* To run out of memory here is no difference from what was recorded. */
static void replay_whole(struct oom_run *run)
{
	struct centro_replay *again;
	oom_arm(run);
	int status = replay(&whole, &run->allocator, &again);
	oom_disarm(run);
	/* Lines are for people, and may be empty. */
	oom_check_opened(run, status);
	if (status != CENTRO_OK) {
		ck_assert(!again || state_of(again) == CENTRO_REPLAY_BROKEN);
		centro_replay_free(again);
		ck_assert_int_eq(replay(&whole, &run->allocator, &again), CENTRO_OK);
	}
	ck_assert_int_eq(state_of(again), CENTRO_REPLAY_ENDED);
	ck_assert_int_eq(centro_replay_check(again, NULL), CENTRO_OK);
	centro_replay_free(again);
}

START_TEST(a_replay)
{
	record(&whole);
	oom_each(replay_whole, NULL);
}
END_TEST

/* ---- recorded ---------------------------------------------------- */

/* What a server without memory has recorded is true as far as it goes. */
static void record_short(struct oom_run *run)
{
	static struct recording recording;
	struct net net;
	struct centro_replay *again;
	net_init(&net, "memory:");
	snprintf(net.record, sizeof(net.record), "%s/record", net.dir.path);
	net_open_client(&net, oom_plain());
	oom_arm(run);
	int status = net_try_server(&net, &run->allocator);
	if (status == CENTRO_OK)
		make_calls(&net);
	oom_disarm(run);
	net_close_client(&net);
	net_close_server(&net);
	ck_assert(status == CENTRO_OK || run->failed);
	if (status == CENTRO_OK) {
		read_recording(&net, &recording);
		ck_assert_int_eq(replay(&recording, oom_plain(), &again), CENTRO_OK);
		enum centro_replay_state state = state_of(again);
		ck_assert(state == CENTRO_REPLAY_ENDED ||
			  (run->failed && state == CENTRO_REPLAY_CUT_OFF));
		centro_replay_free(again);
	}
	net_fini(&net);
}

START_TEST(a_recording)
{
	oom_each_aside(record_short, NULL);
}
END_TEST

TCase *oom_replay_tests(void)
{
	TCase *tcase = tcase_create("replay");
	tcase_add_test(tcase, a_replay);
	tcase_add_test(tcase, a_recording);
	return tcase;
}

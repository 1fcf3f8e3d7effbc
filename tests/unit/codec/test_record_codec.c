/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/record_codec.c. */
#include "codec/codec.h"

#include <centro/version.h>

#include "base/assert.h"
#include "helper.h"

START_TEST(times_have_their_range)
{
	Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	Google__Protobuf__Duration duration = GOOGLE__PROTOBUF__DURATION__INIT;
	struct centro_instant instant = {7};
	struct centro_span span = {7};

	ctr_codec_set_instant(&time, (struct centro_instant){UINT64_MAX});
	ck_assert_int_eq(time.seconds, 18446744073);
	ck_assert_int_eq(time.nanos, 709551615);
	ck_assert(ctr_codec_instant(&time, &instant));
	ck_assert_uint_eq(instant.ns, UINT64_MAX);
	time.nanos++;
	ck_assert(!ctr_codec_instant(&time, &instant));
	time.seconds = -1;
	ck_assert(!ctr_codec_instant(&time, &instant));
	ck_assert_uint_eq(instant.ns, UINT64_MAX);

	ctr_codec_set_span(&duration, (struct centro_span){1500000000});
	ck_assert_int_eq(duration.seconds, 1);
	ck_assert_int_eq(duration.nanos, 500000000);
	ck_assert(ctr_codec_span(&duration, &span));
	ck_assert_uint_eq(span.ns, 1500000000);
	duration.seconds = 0;
	duration.nanos = -1;
	ck_assert(!ctr_codec_span(&duration, &span));
	duration.nanos = 0;
	duration.seconds = 18446744074;
	ck_assert(!ctr_codec_span(&duration, &span));
}
END_TEST

START_TEST(references)
{
	Centro__V1__AttemptRef message = CENTRO__V1__ATTEMPT_REF__INIT;
	ctr_codec_set_attempt_ref(&message, (struct centro_attempt_ref){UINT64_MAX, 1, 2, 3});
	struct centro_attempt_ref ref = ctr_codec_attempt_ref(&message);
	ck_assert_uint_eq(ref.job, UINT64_MAX);
	ck_assert_uint_eq(ref.task, 1);
	ck_assert_uint_eq(ref.index, 2);
	ck_assert_uint_eq(ref.attempt, 3);
	ck_assert_uint_eq(ctr_codec_attempt_ref(NULL).job, 0);
}
END_TEST

START_TEST(queues)
{
	struct ctr_queue queue = {
		.name = BYTES("batch"), .weight = 3, .priority = -2, .revision = 9};
	struct ctr_set_queue set;
	struct helper helper;
	uint64_t revision = 0;

	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_encode_queue(&queue, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_decode_queue(ctr_buf_bytes(&helper.buf), &helper.arena, &set,
						&revision, &helper.text),
			 CENTRO_OK);
	ck_assert_bytes_eq(set.name, BYTES("batch"));
	ck_assert_uint_eq(set.weight, 3);
	ck_assert_int_eq(set.priority, -2);
	ck_assert_uint_eq(revision, 9);
	ck_assert_int_eq(ctr_codec_decode_queue(BYTES("\x0a\x01\xff"), &helper.arena, &set,
						&revision, &helper.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(helper.text.text, "name: not UTF-8, or holds U+0000");
	ctr_arena_reset(&helper.arena, 16);
	ck_assert_int_eq(ctr_codec_decode_queue(ctr_buf_bytes(&helper.buf), &helper.arena, &set,
						&revision, &helper.text),
			 CENTRO_ERR_LIMIT);
	helper_fini(&helper);
}
END_TEST

START_TEST(ids)
{
	struct helper helper;
	centro_job_id job = 7;
	centro_node_id node = 7;

	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_encode_ids(UINT64_MAX, 64, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(
		ctr_codec_decode_ids(ctr_buf_bytes(&helper.buf), &job, &node, &helper.text),
		CENTRO_OK);
	ck_assert_uint_eq(job, UINT64_MAX);
	ck_assert_uint_eq(node, 64);
	/* What a newer version adds is passed over. */
	ck_assert_int_eq(
		ctr_codec_decode_ids(BYTES("\x10\x05\x1a\x01x"), &job, &node, &helper.text),
		CENTRO_OK);
	ck_assert_uint_eq(job, 0);
	ck_assert_uint_eq(node, 5);
	ck_assert_int_eq(ctr_codec_decode_ids(BYTES("\x08"), &job, &node, &helper.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(helper.text.text, "cut off");
	ck_assert_int_eq(ctr_codec_decode_ids(BYTES("\x0a\x00"), &job, &node, &helper.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(helper.text.text, "job: wire type 2");
	ck_assert_uint_eq(node, 5);
	helper_fini(&helper);
}
END_TEST

START_TEST(the_format_says_who_may_read)
{
	struct helper helper;
	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_encode_format(&helper.buf), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_decode_format(ctr_buf_bytes(&helper.buf), &helper.text),
			 CENTRO_OK);
	/* Newer, but still for us. */
	ck_assert_int_eq(ctr_codec_decode_format(BYTES("\x08\x05\x10\x01"), &helper.text),
			 CENTRO_OK);
	ck_assert_int_eq(ctr_codec_decode_format(BYTES("\x08\x05\x10\x03\x1a\x09"
						       "centro\n9."),
						 &helper.text),
			 CENTRO_ERR_VERSION);
	ck_assert_str_eq(
		helper.text.text,
		"the store was written by centro\\x0a9. in format 5, which readers of format "
		"3 and later understand; this is centro " CENTRO_VERSION_STRING
		", which reads up to format 1: upgrade it");
	ck_assert_int_eq(ctr_codec_decode_format(BYTES(""), &helper.text), CENTRO_ERR_CORRUPT);
	ck_assert_int_eq(ctr_codec_decode_format(BYTES("\x08\x01\x10\x02"), &helper.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(helper.text.text, "format: version 1, readable by 2, cannot be");
	ck_assert_int_eq(ctr_codec_decode_format(BYTES("\x0a"), &helper.text), CENTRO_ERR_CORRUPT);
	helper_fini(&helper);
}
END_TEST

START_TEST(a_batch_of_events)
{
	struct ctr_queue queue = {.name = BYTES("batch")};
	struct ctr_task task = {.name = BYTES("train")};
	struct ctr_job job = {.queue = BYTES("prod"), .owner = BYTES("ann"), .tasks = &task};
	struct ctr_event events[] = {
		{
			.number = 41,
			.type = CENTRO_EVENT_INSTANCE_ENDED,
			.at = {.cluster = {5}, .wall = {UINT64_C(1795528800000000000)}},
			.attempt = {7, 0, 1, 2},
			.node = 3,
			.instance_state = CENTRO_INSTANCE_FAILED,
			.job_state = CENTRO_JOB_FAILED,
			.cause = CENTRO_CAUSE_SIGNALLED,
			.exit_code = 137,
			.signal = 9,
		},
		{.number = 42, .type = CENTRO_EVENT_QUEUE_SET, .queue = &queue},
	};
	struct helper helper;
	struct centro_instant cluster;
	uint64_t last = 0;

	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_encode_event(&events[0], &job, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_encode_event(&events[1], NULL, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_encode_events_end((struct centro_instant){99}, 6, &helper.buf),
			 CENTRO_OK);
	ck_assert_int_eq(ctr_codec_decode_events_end(ctr_buf_bytes(&helper.buf), &last, &cluster,
						     &helper.text),
			 CENTRO_OK);
	ck_assert_uint_eq(last, 42);
	ck_assert_uint_eq(cluster.ns, 99);
	helper_decode(&helper, &centro__v1__event_batch__descriptor, ctr_buf_bytes(&helper.buf));
	ck_assert_str_eq(
		helper_json(&helper, helper.message),
		"{\"events\":[{\"number\":\"41\",\"type\":\"instance_ended\",\"time\":"
		"\"2026-11-24T14:00:00Z\",\"attempt\":{\"job\":\"7\",\"index\":1,\"attempt\":2},"
		"\"node_id\":\"3\",\"instance_state\":\"failed\",\"job_state\":\"failed\","
		"\"cause\":\"signalled\",\"exit_code\":137,\"signal\":9,\"queue\":\"prod\","
		"\"owner\":\"ann\",\"task\":\"train\"},{\"number\":\"42\","
		"\"type\":\"queue_set\",\"name\":\"batch\"}],\"cluster_time\":\"99\","
		"\"term\":\"6\"}");
	helper_fini(&helper);
}
END_TEST

START_TEST(a_damaged_batch_is_refused)
{
	static const struct {
		struct centro_bytes value;
		const char *text;
	} wrong[] = {
		{{(const uint8_t *)"", 0}, "events: the last one has no number"},
		{{(const uint8_t *)"\x0a\x00", 2}, "events: the last one has no number"},
		{{(const uint8_t *)"\x0a\x02\x08", 3}, "cut off"},
		{{(const uint8_t *)"\x0a\x01\x08", 3}, "cut off"},
		{{(const uint8_t *)"\x08\x01", 2}, "events: wire type 0"},
		{{(const uint8_t *)"\x0a\x02\x0a\x00", 4}, "events.number: wire type 2"},
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(wrong); i++) {
		struct centro_error_text text = {""};
		struct centro_instant cluster;
		uint64_t last;
		ck_assert_int_eq(
			ctr_codec_decode_events_end(wrong[i].value, &last, &cluster, &text),
			CENTRO_ERR_CORRUPT);
		ck_assert_str_eq(text.text, wrong[i].text);
	}
}
END_TEST

/* The numbers in the schema and in the public headers are the same. */
START_TEST(words_and_numbers_agree)
{
	const ProtobufCEnumDescriptor *instance = &centro__v1__instance__state__descriptor;
	const ProtobufCEnumDescriptor *job = &centro__v1__job__state__descriptor;
	const ProtobufCEnumDescriptor *node = &centro__v1__node__state__descriptor;
	const ProtobufCEnumDescriptor *cause = &centro__v1__cause__descriptor;
#define AGREES(descriptor, value, word) \
	ck_assert_str_eq(protobuf_c_enum_descriptor_get_value(descriptor, value)->name, word);
#define X(name, value, word, final, help) AGREES(instance, value, word)
	CENTRO_INSTANCE_STATE_MAP(X)
#undef X
#define X(name, value, word, final, help) AGREES(job, value, word)
	CENTRO_JOB_STATE_MAP(X)
#undef X
#define X(name, value, word, help) AGREES(node, value, word)
	CENTRO_NODE_STATE_MAP(X)
#undef X
	size_t causes = 0; /* their numbers have gaps */
#define X(name, value, word, help)  \
	AGREES(cause, value, word); \
	causes++;
	CENTRO_CAUSE_MAP(X)
#undef X
	ck_assert_uint_eq(instance->n_values, CENTRO_INSTANCE_STATE_COUNT);
	ck_assert_uint_eq(job->n_values, CENTRO_JOB_STATE_COUNT);
	ck_assert_uint_eq(node->n_values, CENTRO_NODE_STATE_COUNT);
	ck_assert_uint_eq(cause->n_values, causes);
	ck_assert_int_eq(CENTRO__V1__EVENT__TYPE__queue_set, CENTRO_EVENT_QUEUE_SET);
	ck_assert_int_eq(CENTRO__V1__EVENT__TYPE__node_down, CENTRO_EVENT_NODE_DOWN);
	ck_assert_int_eq(CENTRO__V1__EVENT__TYPE__node_draining, CENTRO_EVENT_NODE_DRAINING);
	ck_assert_int_eq(CENTRO__V1__TASK__ON_DISCONNECT__keep, CTR_ON_DISCONNECT_KEEP);
}
END_TEST

START_TEST(a_full_buffer_gets_nothing)
{
	struct ctr_queue queue = {.name = BYTES("batch"), .weight = 3};
	struct ctr_event event = {
		.number = 1, .type = CENTRO_EVENT_JOB_ENDED, .attempt = {.job = 1}};
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 3);
#define FULL(call)                                \
	ck_assert_int_eq(call, CENTRO_ERR_LIMIT); \
	ck_assert_uint_eq(buf.size, 0);           \
	ctr_buf_clear(&buf)
	FULL(ctr_codec_encode_queue(&queue, &buf));
	FULL(ctr_codec_encode_ids(1, 2, &buf));
	FULL(ctr_codec_encode_format(&buf));
	FULL(ctr_codec_encode_event(&event, NULL, &buf));
	FULL(ctr_codec_encode_events_end((struct centro_instant){UINT64_MAX}, 1, &buf));
#undef FULL
	ctr_buf_fini(&buf);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/record_codec");
	TCase *tcase = tcase_create("record_codec");
	tcase_add_test(tcase, times_have_their_range);
	tcase_add_test(tcase, references);
	tcase_add_test(tcase, queues);
	tcase_add_test(tcase, ids);
	tcase_add_test(tcase, the_format_says_who_may_read);
	tcase_add_test(tcase, a_batch_of_events);
	tcase_add_test(tcase, a_damaged_batch_is_refused);
	tcase_add_test(tcase, words_and_numbers_agree);
	tcase_add_test(tcase, a_full_buffer_gets_nothing);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

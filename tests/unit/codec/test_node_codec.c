/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/node_codec.c. */
#include "codec/codec.h"

#include "base/assert.h"
#include "helper.h"
#include "random_message.h"
#include "sample.h"
#include "support/failing_allocator.h"

static struct ctr_node_spec read_spec(struct helper *helper, const char *json)
{
	struct ctr_node_spec spec;
	ck_assert_msg(helper_read_json(helper, &centro__v1__node_info__descriptor, json) ==
			      CENTRO_OK,
		      "%s", helper->text.text);
	ck_assert_int_eq(ctr_codec_node_spec((const Centro__V1__NodeInfo *)helper->message,
					     &helper->arena, &spec, &helper->text),
			 CENTRO_OK);
	return spec;
}

START_TEST(what_an_agent_says_reaches_the_core)
{
	struct helper helper;
	helper_init(&helper);
	struct ctr_node_spec spec =
		read_spec(&helper, "{\"name\":\"n\",\"datacenter\":\"d\",\"labels\":{\"b\":\"2\","
				   "\"a\":\"1\"},\"capacity\":{\"cpu_milli\":1,\"memory_mib\":2,"
				   "\"disk_mib\":3,\"named\":{\"gpu\":4}},"
				   "\"attributes\":{\"kernel\":\"6.1\"}}");
	ck_assert_bytes_eq(spec.name, BYTES("n"));
	ck_assert_bytes_eq(spec.datacenter, BYTES("d"));
	ck_assert_uint_eq(spec.label_count, 2);
	ck_assert_bytes_eq(spec.labels[1].key, BYTES("b"));
	ck_assert_uint_eq(spec.capacity.cpu_milli, 1);
	ck_assert_uint_eq(spec.capacity.memory_mib, 2);
	ck_assert_uint_eq(spec.capacity.disk_mib, 3);
	ck_assert_uint_eq(spec.capacity.named_count, 1);
	ck_assert_uint_eq(spec.capacity.named[0].amount, 4);
	ck_assert_uint_eq(spec.agent_id + spec.session, 0);
	/* Also what the core does not look at is kept. */
	ck_assert_bytes_eq(spec.text, helper_wire(&helper, helper.message));
	ck_assert_uint_eq(read_spec(&helper, "{\"name\":\"n\"}").capacity.cpu_milli, 0);
	helper_fini(&helper);
}
END_TEST

static const struct ctr_dimensions dimensions = {
	.name =
		{
			{(const uint8_t *)"cpu", 3},
			{(const uint8_t *)"memory", 6},
			{(const uint8_t *)"disk", 4},
			{(const uint8_t *)"gpu", 3},
			{(const uint8_t *)"fpga", 4},
		},
	.count = 5,
};

static const char *node_json(struct helper *helper, const struct ctr_node *node,
			     const struct ctr_dimensions *with)
{
	ctr_buf_clear(&helper->buf);
	ck_assert_int_eq(ctr_codec_encode_node(node, with, &helper->buf), CENTRO_OK);
	ck_assert_int_eq(
		helper_decode(helper, &centro__v1__node__descriptor, ctr_buf_bytes(&helper->buf)),
		CENTRO_OK);
	return helper_json(helper, helper->message);
}

START_TEST(answers_tell_more_than_records)
{
	struct sample sample;
	struct helper helper;
	helper_init(&helper);
	sample_init(&sample);
	sample.node.text = read_spec(&helper, "{\"name\":\"n\"}").text;
	ck_assert_str_eq(
		node_json(&helper, &sample.node, NULL),
		"{\"id\":\"17\",\"info\":{\"name\":\"n\"},\"state\":\"ready\","
		"\"agent_id\":\"18364758544493064720\","
		"\"register_time\":\"2026-11-24T13:00:00.123456789Z\",\"revision\":\"400\"}");
	ck_assert_str_eq(
		node_json(&helper, &sample.node, &dimensions),
		"{\"id\":\"17\",\"info\":{\"name\":\"n\"},\"state\":\"ready\","
		"\"agent_id\":\"18364758544493064720\","
		"\"register_time\":\"2026-11-24T13:00:00.123456789Z\",\"revision\":\"400\","
		"\"used\":{\"cpu_milli\":8000,\"memory_mib\":16384,\"named\":{\"gpu\":2}},"
		"\"attempts\":1,\"last_seen\":\"2026-11-24T14:00:00Z\"}");
	/* What is used may exceed what the schema can tell. */
	sample.node.used.amount[CTR_DIM_MEMORY] = INT64_C(1) << 40;
	ck_assert_ptr_nonnull(
		strstr(node_json(&helper, &sample.node, &dimensions), "\"memory_mib\":4294967295"));
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

START_TEST(what_is_stored_comes_back)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, 5);
	for (int i = 0; i < 200; i++) {
		struct sample sample;
		struct helper helper;
		struct ctr_node_load load;
		helper_init(&helper);
		sample_init(&sample);
		struct ctr_node *node = &sample.node;
		Centro__V1__NodeInfo *info = (Centro__V1__NodeInfo *)random_message(
			&centro__v1__node_info__descriptor, &prng, &helper.arena);
		info->name = (char *)"never-empty";
		struct ctr_node_spec spec;
		ctr_codec_node_spec(info, &helper.arena, &spec, NULL);
		node->text = spec.text;
		node->id = ctr_prng_next(&prng);
		node->agent_id = ctr_prng_next(&prng);
		node->revision = ctr_prng_next(&prng);
		node->state = (uint8_t)(1 + ctr_prng_below(&prng, CENTRO_NODE_STATE_COUNT - 1));
		node->register_wall.ns = ctr_prng_next(&prng) >> ctr_prng_below(&prng, 64);

		ck_assert_int_eq(ctr_codec_encode_node(node, NULL, &helper.buf), CENTRO_OK);
		ck_assert_msg(ctr_codec_decode_node(ctr_buf_bytes(&helper.buf), &helper.arena,
						    &load, &helper.text) == CENTRO_OK,
			      "%s", helper.text.text);
		ck_assert_uint_eq(load.id, node->id);
		ck_assert_int_eq(load.state, node->state);
		ck_assert_uint_eq(load.register_wall.ns, node->register_wall.ns);
		ck_assert_uint_eq(load.revision, node->revision);
		ck_assert_uint_eq(load.spec->agent_id, node->agent_id);
		ck_assert_uint_eq(load.spec->session, 0);
		ck_assert_bytes_eq(load.spec->text, node->text);
		ck_assert_bytes_eq(load.spec->name, BYTES("never-empty"));
		ck_assert_uint_eq(load.spec->label_count, spec.label_count);
		ck_assert_uint_eq(load.spec->capacity.named_count, spec.capacity.named_count);
		sample_fini(&sample);
		helper_fini(&helper);
	}
}
END_TEST

START_TEST(a_drain_comes_back)
{
	struct sample sample;
	struct helper helper;
	struct ctr_node_load load;
	struct ctr_drain drain = {
		.who = BYTES("me"),
		.reason = BYTES("a new disk"),
		.since_wall = {5},
		.deadline_wall = {7},
		.deadline = {6},
		.is_over = true,
	};
	helper_init(&helper);
	sample_init(&sample);
	sample.node.text = BYTES("\x0a\x01n");
	sample.node.drain = &drain;
	ck_assert_int_eq(ctr_codec_encode_node(&sample.node, NULL, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_decode_node(ctr_buf_bytes(&helper.buf), &helper.arena, &load,
					       &helper.text),
			 CENTRO_OK);
	ck_assert(load.is_drained);
	ck_assert_bytes_eq(load.drain.who, drain.who);
	ck_assert_bytes_eq(load.drain.reason, drain.reason);
	ck_assert_uint_eq(load.drain.since_wall.ns, 5);
	ck_assert_uint_eq(load.drain.deadline_wall.ns, 7);
	ck_assert_uint_eq(load.drain.deadline.ns, 6);
	ck_assert(load.drain.is_over);

	/* Also one of which nothing is said. */
	drain = (struct ctr_drain){.is_over = false};
	ctr_buf_clear(&helper.buf);
	ck_assert_int_eq(ctr_codec_encode_node(&sample.node, NULL, &helper.buf), CENTRO_OK);
	ck_assert_int_eq(ctr_codec_decode_node(ctr_buf_bytes(&helper.buf), &helper.arena, &load,
					       &helper.text),
			 CENTRO_OK);
	ck_assert(load.is_drained);
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

static void check_corrupt(struct centro_bytes value, const char *text)
{
	struct helper helper;
	struct ctr_node_load load;
	helper_init(&helper);
	ck_assert_int_eq(ctr_codec_decode_node(value, &helper.arena, &load, &helper.text),
			 CENTRO_ERR_CORRUPT);
	ck_assert_str_eq(helper.text.text, text);
	helper_fini(&helper);
}

START_TEST(damaged_records_are_refused)
{
	check_corrupt(BYTES(""), "info: stands there 0 times, not once");
	check_corrupt(BYTES("\x12\x00\x18\x09"), "state: 9 is no value of centro.v1.Node.State");
	check_corrupt(BYTES("\x12\x03\x0a\x01\xff"), "info.name: not UTF-8, or holds U+0000");
	check_corrupt(BYTES("\x12\x00\x2a\x02\x08"), "cut off");
	check_corrupt(BYTES("\x12\x00\x2a\x01\x08"), "register_time.seconds: cut off");
}
END_TEST

START_TEST(limits_and_memory)
{
	struct sample sample;
	struct helper helper;
	helper_init(&helper);
	sample_init(&sample);
	sample.node.text = BYTES("\x0a\x01n");
	ck_assert_int_eq(ctr_codec_encode_node(&sample.node, &dimensions, &helper.buf), CENTRO_OK);
	for (size_t limit = 1; limit < helper.buf.size; limit++) {
		struct ctr_buf buf;
		ctr_buf_init(&buf, NULL, limit);
		ck_assert_int_eq(ctr_codec_encode_node(&sample.node, &dimensions, &buf),
				 CENTRO_ERR_LIMIT);
		ck_assert_uint_eq(buf.size, 0);
		ctr_buf_fini(&buf);
	}
	int status = CENTRO_ERR_LIMIT;
	for (size_t cap = 0; status != CENTRO_OK; cap += 16) {
		struct ctr_arena arena;
		struct ctr_node_load load;
		ctr_arena_init(&arena, NULL, cap);
		ck_assert_int_eq(status, CENTRO_ERR_LIMIT);
		status = ctr_codec_decode_node(ctr_buf_bytes(&helper.buf), &arena, &load, NULL);
		ctr_arena_fini(&arena);
	}
	sample_fini(&sample);
	helper_fini(&helper);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/node_codec");
	TCase *tcase = tcase_create("node_codec");
	tcase_add_test(tcase, what_an_agent_says_reaches_the_core);
	tcase_add_test(tcase, answers_tell_more_than_records);
	tcase_add_test(tcase, what_is_stored_comes_back);
	tcase_add_test(tcase, a_drain_comes_back);
	tcase_add_test(tcase, damaged_records_are_refused);
	tcase_add_test(tcase, limits_and_memory);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

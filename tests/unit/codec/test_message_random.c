/* SPDX-License-Identifier: MIT */
/*
 * Random messages and damaged ones, through lib/codec/message_decode.c and
 * message_encode.c, with protobuf-c's own unpacking as a second opinion.
 */
#include "codec/message.h"

#include <stdio.h>

#include "codec/schema_table.h"
#include "every.pb-c.h"
#include "helper.h"
#include "random_message.h"

/* A type: the schema's, then the tests' own. */
static const ProtobufCMessageDescriptor *type_at(size_t position)
{
	if (position < ctr_schema_messages_count)
		return ctr_schema_messages[position];
	if (position == ctr_schema_messages_count)
		return &test__every__descriptor;
	return position == ctr_schema_messages_count + 1 ? &test__nest__descriptor : NULL;
}

START_TEST(what_is_encoded_is_decoded)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, 2);
	const ProtobufCMessageDescriptor *type;
	for (size_t i = 0; (type = type_at(i)); i++) {
		for (int round = 0; round < 20; round++) {
			struct helper helper;
			struct ctr_buf again;
			helper_init(&helper);
			ctr_buf_init(&again, NULL, 0);
			ProtobufCMessage *made = random_message(type, &prng, &helper.arena);
			struct centro_bytes wire = helper_wire(&helper, made);
			ck_assert_int_eq(helper_decode(&helper, type, wire), CENTRO_OK);
			ctr_message_encode(helper.message, &again);
			ck_assert_bytes_eq(ctr_buf_bytes(&again), wire);
			ctr_buf_fini(&again);
			helper_fini(&helper);
		}
	}
}
END_TEST

/* ---- damage ---- */

static void flip(struct ctr_prng *prng, uint8_t *data, size_t *size)
{
	size_t at = ctr_prng_below(prng, *size);
	data[at] ^= (uint8_t)(1u << ctr_prng_below(prng, 8));
}

static void set(struct ctr_prng *prng, uint8_t *data, size_t *size)
{
	static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x0b, 0x0c, 0x0a, 0x12};
	size_t at = ctr_prng_below(prng, *size);
	data[at] = values[ctr_prng_below(prng, sizeof(values))];
}

static void cut(struct ctr_prng *prng, uint8_t *data, size_t *size)
{
	(void)data;
	*size = ctr_prng_below(prng, *size) + 1;
}

static void drop(struct ctr_prng *prng, uint8_t *data, size_t *size)
{
	size_t from = ctr_prng_below(prng, *size);
	size_t count = 1 + ctr_prng_below(prng, *size - from);
	if (count == *size)
		return;
	memmove(data + from, data + from + count, *size - from - count);
	*size -= count;
}

static void copy_over(struct ctr_prng *prng, uint8_t *data, size_t *size)
{
	size_t from = ctr_prng_below(prng, *size);
	size_t to = ctr_prng_below(prng, *size);
	size_t room = *size - (from > to ? from : to);
	memmove(data + to, data + from, ctr_prng_below(prng, room + 1));
}

static void damage(struct ctr_prng *prng, uint8_t *data, size_t *size)
{
	static void (*const ways[])(struct ctr_prng *, uint8_t *, size_t *) = {
		flip, set, cut, drop, copy_over,
	};
	uint64_t times = 1 + ctr_prng_below(prng, 4);
	for (uint64_t i = 0; i < times; i++)
		ways[ctr_prng_below(prng, CTR_ARRAY_SIZE(ways))](prng, data, size);
}

/* ---- the second opinion ---- */

static void *arena_alloc(void *arena, size_t size)
{
	return ctr_arena_alloc(arena, size);
}

static void arena_free(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

/*
 * What we let in, protobuf-c can read, and packs into what reads as the same
 * message. (The other way does not hold: it lets more in.)
 */
static void check_accepted(struct helper *helper, const ProtobufCMessageDescriptor *type,
			   struct centro_bytes wire)
{
	ProtobufCAllocator allocator = {arena_alloc, arena_free, &helper->arena};
	ck_assert_ptr_nonnull(protobuf_c_message_unpack(type, &allocator, wire.size, wire.data));

	struct ctr_buf once, twice;
	ctr_buf_init(&once, NULL, 0);
	ctr_buf_init(&twice, NULL, 0);
	ctr_message_encode(helper->message, &once);
	ck_assert_int_eq(helper_decode(helper, type, ctr_buf_bytes(&once)), CENTRO_OK);
	ctr_message_encode(helper->message, &twice);
	ck_assert_bytes_eq(ctr_buf_bytes(&once), ctr_buf_bytes(&twice));
	ctr_buf_fini(&once);
	ctr_buf_fini(&twice);

	/* And it has a JSON form, which is JSON. */
	const char *json = helper_json(helper, helper->message);
	char *copy = strdup(json);
	helper->message->n_unknown_fields = 0;
	ck_assert_msg(helper_read_json(helper, type, copy) == CENTRO_OK, "%s: %s", copy,
		      helper->text.text);
	free(copy);
}

/* 16 × 130 mutations, in a copy of exactly the right size so that ASan sees each byte beyond. */
START_TEST(damaged_messages_do_no_harm)
{
	static const ProtobufCMessageDescriptor *const types[] = {
		&centro__v1__job__descriptor,
		&centro__v1__job_submit_request__descriptor,
		&centro__v1__heartbeat_request__descriptor,
		&centro__v1__event_batch__descriptor,
		&centro__v1__get_job_response__descriptor,
		&test__every__descriptor,
		&test__nest__descriptor,
		&centro__v1__node__descriptor,
	};
	struct ctr_prng prng;
	size_t accepted = 0, refused = 0;
	ctr_prng_init(&prng, 3);
	for (int i = 0; i < 2080; i++) {
		const ProtobufCMessageDescriptor *type = types[i % CTR_ARRAY_SIZE(types)];
		struct helper helper;
		helper_init(&helper);
		struct centro_bytes wire =
			helper_wire(&helper, random_message(type, &prng, &helper.arena));
		size_t size = wire.size;
		if (size > 0)
			damage(&prng, helper.buf.data, &size);
		uint8_t *exact = malloc(size > 0 ? size : 1);
		memcpy(exact, helper.buf.data, size);

		int status = helper_decode(&helper, type, ctr_bytes(exact, size));
		ck_assert(status == CENTRO_OK || status == CENTRO_ERR_INVALID);
		if (status == CENTRO_OK)
			check_accepted(&helper, type, ctr_bytes(exact, size));
		else
			ck_assert(ctr_utf8_is_valid(ctr_bytes_str(helper.text.text)));
		accepted += status == CENTRO_OK;
		refused += status != CENTRO_OK;
		free(exact);
		helper_fini(&helper);
	}
	/* Both ways have been gone often. */
	ck_assert_uint_ge(accepted, 200);
	ck_assert_uint_ge(refused, 200);
}
END_TEST

START_TEST(damaged_json_does_no_harm)
{
	struct ctr_prng prng;
	size_t accepted = 0, refused = 0;
	ctr_prng_init(&prng, 6);
	for (int i = 0; i < 2000; i++) {
		const ProtobufCMessageDescriptor *type =
			i % 2 == 0 ? &centro__v1__job_spec__descriptor : &test__every__descriptor;
		struct helper helper;
		helper_init(&helper);
		size_t size =
			strlen(helper_json(&helper, random_message(type, &prng, &helper.arena)));
		damage(&prng, helper.buf.data, &size);
		char *exact = malloc(size);
		memcpy(exact, helper.buf.data, size);

		int status = ctr_json_decode(type, ctr_bytes(exact, size), &helper.arena,
					     &helper.message, &helper.text);
		ck_assert(status == CENTRO_OK || status == CENTRO_ERR_INVALID);
		if (status == CENTRO_OK)
			check_accepted(&helper, type, helper_wire(&helper, helper.message));
		else
			ck_assert(ctr_utf8_is_valid(ctr_bytes_str(helper.text.text)));
		accepted += status == CENTRO_OK;
		refused += status != CENTRO_OK;
		free(exact);
		helper_fini(&helper);
	}
	ck_assert_uint_ge(accepted, 30);
	ck_assert_uint_ge(refused, 200);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/message_random");
	TCase *tcase = tcase_create("message_random");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_is_encoded_is_decoded);
	tcase_add_test(tcase, damaged_messages_do_no_harm);
	tcase_add_test(tcase, damaged_json_does_no_harm);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

/* SPDX-License-Identifier: MIT */
/* Tests of lib/codec/member.c. */
#include "codec/member.h"

#include <stdio.h>

#include "base/prng.h"
#include "every.pb-c.h"
#include "helper.h"
#include "support/failing_allocator.h"

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *descriptor,
						const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(descriptor, name);
	ck_assert_ptr_nonnull(field);
	return field;
}

static const ProtobufCFieldDescriptor *every_field(const char *name)
{
	return field_of(&test__every__descriptor, name);
}

START_TEST(elements_have_the_size_that_protobuf_c_gives_them)
{
	ck_assert_uint_eq(ctr_field_element_size(every_field("int64s")), sizeof(int64_t));
	ck_assert_uint_eq(ctr_field_element_size(every_field("sfixed64s")), sizeof(int64_t));
	ck_assert_uint_eq(ctr_field_element_size(every_field("sint32s")), sizeof(int32_t));
	ck_assert_uint_eq(ctr_field_element_size(every_field("bools")), sizeof(protobuf_c_boolean));
	ck_assert_uint_eq(ctr_field_element_size(every_field("colours")), sizeof(Test__Colour));
	ck_assert_uint_eq(ctr_field_element_size(every_field("strings")), sizeof(char *));
	ck_assert_uint_eq(ctr_field_element_size(every_field("leaves")), sizeof(void *));
	ck_assert_uint_eq(ctr_field_element_size(every_field("many_bytes")),
			  sizeof(ProtobufCBinaryData));
}
END_TEST

static bool is_set(const Test__Every *every, const char *name)
{
	return ctr_member_is_set(&every->base, every_field(name));
}

START_TEST(defaults_are_not_set)
{
	Test__Every every = TEST__EVERY__INIT;
	Test__Leaf leaf = TEST__LEAF__INIT;
	uint8_t byte = 0;
	static const char *const names[] = {
		"a_int32", "a_uint64", "a_sint64", "a_fixed32",  "a_bool",   "a_string",
		"a_bytes", "a_colour", "a_leaf",   "one_number", "one_leaf",
	};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(names); i++)
		ck_assert(!is_set(&every, names[i]));

	every.a_int32 = -1;
	every.a_uint64 = UINT64_C(1) << 32;
	every.a_bool = 1;
	every.a_string = (char *)"x";
	every.a_bytes = (ProtobufCBinaryData){1, &byte};
	every.a_colour = TEST__COLOUR__negative;
	every.a_leaf = &leaf;
	ck_assert(is_set(&every, "a_int32") && is_set(&every, "a_uint64"));
	ck_assert(is_set(&every, "a_bool") && is_set(&every, "a_string"));
	ck_assert(is_set(&every, "a_bytes") && is_set(&every, "a_colour"));
	ck_assert(is_set(&every, "a_leaf"));

	/* In a oneof a default counts. */
	every.choice_case = TEST__EVERY__CHOICE_ONE_NUMBER;
	ck_assert(is_set(&every, "one_number") && !is_set(&every, "one_leaf"));
	/* Somebody's NULL is an empty string. */
	every.a_string = NULL;
	ck_assert(!is_set(&every, "a_string"));
}
END_TEST

START_TEST(arrays_grow_and_keep_what_they_hold)
{
	struct helper helper;
	helper_init(&helper);
	ProtobufCMessage *message = ctr_message_new(&test__every__descriptor, &helper.arena);
	const ProtobufCFieldDescriptor *field = every_field("int64s");
	for (int64_t i = 0; i < 1000; i++) {
		int64_t *slot = ctr_member_append(message, field, &helper.arena);
		ck_assert_int_eq(*slot, 0);
		*slot = i;
	}
	const Test__Every *every = (const Test__Every *)message;
	ck_assert_uint_eq(every->n_int64s, 1000);
	for (int64_t i = 0; i < 1000; i++)
		ck_assert_int_eq(every->int64s[i], i);
	/* Doubling: never more than four times what is needed. */
	ck_assert_uint_le(helper.arena.used_bytes, 4 * 1000 * sizeof(int64_t));
	helper_fini(&helper);
}
END_TEST

START_TEST(without_memory_an_array_stays)
{
	struct ctr_arena arena;
	struct helper helper;
	helper_init(&helper);
	ProtobufCMessage *message = ctr_message_new(&test__every__descriptor, &helper.arena);
	const ProtobufCFieldDescriptor *field = every_field("int64s");
	ctr_arena_init(&arena, NULL, 40); /* for four of them */
	for (int i = 0; i < 4; i++)
		ck_assert_ptr_nonnull(ctr_member_append(message, field, &arena));
	ck_assert_ptr_null(ctr_member_append(message, field, &arena));
	ck_assert_uint_eq(*ctr_member_count(message, field), 4);
	ctr_arena_fini(&arena);
	helper_fini(&helper);
}
END_TEST

/* ---- maps ---- */

static void add_label(struct helper *helper, Centro__V1__JobSpec *spec, const char *key,
		      const char *value)
{
	const ProtobufCFieldDescriptor *field = field_of(spec->base.descriptor, "labels");
	Centro__V1__JobSpec__LabelsEntry *entry =
		(Centro__V1__JobSpec__LabelsEntry *)ctr_message_new(field->descriptor,
								    &helper->arena);
	entry->key = ctr_arena_strdup(&helper->arena, ctr_bytes_str(key));
	entry->value = ctr_arena_strdup(&helper->arena, ctr_bytes_str(value));
	*(void **)ctr_member_append(&spec->base, field, &helper->arena) = entry;
}

static size_t sort_labels(struct helper *helper, Centro__V1__JobSpec *spec)
{
	size_t dropped = 99;
	int status = ctr_map_entries_sort(&spec->base, field_of(spec->base.descriptor, "labels"),
					  &helper->arena, &dropped, &helper->text);
	ck_assert_int_eq(status, CENTRO_OK);
	return dropped;
}

static Centro__V1__JobSpec *new_spec(struct helper *helper)
{
	return (Centro__V1__JobSpec *)ctr_message_new(&centro__v1__job_spec__descriptor,
						      &helper->arena);
}

START_TEST(entries_come_in_the_order_of_their_keys)
{
	struct helper helper;
	helper_init(&helper);
	Centro__V1__JobSpec *spec = new_spec(&helper);
	ck_assert_uint_eq(sort_labels(&helper, spec), 0);
	add_label(&helper, spec, "b", "2");
	ck_assert_uint_eq(sort_labels(&helper, spec), 0);
	add_label(&helper, spec, "a", "1");
	add_label(&helper, spec, "", "0");
	add_label(&helper, spec, "\xc3\xa4", "4"); /* bytes count, not signed chars */
	add_label(&helper, spec, "ba", "3");
	ck_assert_uint_eq(sort_labels(&helper, spec), 0);
	ck_assert_str_eq(
		helper_json(&helper, &spec->base),
		"{\"labels\":{\"\":\"0\",\"a\":\"1\",\"b\":\"2\",\"ba\":\"3\",\"ä\":\"4\"}}");
	helper_fini(&helper);
}
END_TEST

START_TEST(of_equal_keys_the_last_one_counts)
{
	struct helper helper;
	helper_init(&helper);
	Centro__V1__JobSpec *spec = new_spec(&helper);
	add_label(&helper, spec, "a", "1");
	add_label(&helper, spec, "b", "1");
	add_label(&helper, spec, "a", "2");
	add_label(&helper, spec, "a", "3");
	ck_assert_uint_eq(sort_labels(&helper, spec), 2);
	ck_assert_str_eq(helper_json(&helper, &spec->base),
			 "{\"labels\":{\"a\":\"3\",\"b\":\"1\"}}");
	/* It can still grow. */
	add_label(&helper, spec, "0", "4");
	ck_assert_uint_eq(sort_labels(&helper, spec), 0);
	ck_assert_str_eq(helper_json(&helper, &spec->base),
			 "{\"labels\":{\"0\":\"4\",\"a\":\"3\",\"b\":\"1\"}}");
	helper_fini(&helper);
}
END_TEST

START_TEST(any_number_of_entries_is_sorted)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, 1);
	for (size_t count = 0; count < 70; count++) {
		struct helper helper;
		helper_init(&helper);
		Centro__V1__JobSpec *spec = new_spec(&helper);
		for (size_t i = 0; i < count; i++) {
			char key[16], value[16];
			snprintf(key, sizeof(key), "%u", (unsigned)ctr_prng_below(&prng, 40));
			snprintf(value, sizeof(value), "%zu", i);
			add_label(&helper, spec, key, value);
		}
		size_t dropped = sort_labels(&helper, spec);
		ck_assert_uint_eq(spec->n_labels + dropped, count);
		for (size_t i = 1; i < spec->n_labels; i++)
			ck_assert_int_lt(strcmp(spec->labels[i - 1]->key, spec->labels[i]->key), 0);
		helper_fini(&helper);
	}
}
END_TEST

START_TEST(sorting_at_the_cap_changes_nothing)
{
	struct helper helper;
	struct ctr_arena none;
	size_t dropped = 99;
	helper_init(&helper);
	Centro__V1__JobSpec *spec = new_spec(&helper);
	add_label(&helper, spec, "b", "1");
	add_label(&helper, spec, "a", "1");
	ctr_arena_init(&none, NULL, 0);
	ck_assert_int_eq(ctr_map_entries_sort(&spec->base,
					      field_of(spec->base.descriptor, "labels"), &none,
					      &dropped, &helper.text),
			 CENTRO_ERR_LIMIT);
	ck_assert_str_eq(spec->labels[0]->key, "b");
	helper_fini(&helper);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/member");
	TCase *tcase = tcase_create("member");
	tcase_add_test(tcase, elements_have_the_size_that_protobuf_c_gives_them);
	tcase_add_test(tcase, defaults_are_not_set);
	tcase_add_test(tcase, arrays_grow_and_keep_what_they_hold);
	tcase_add_test(tcase, without_memory_an_array_stays);
	tcase_add_test(tcase, entries_come_in_the_order_of_their_keys);
	tcase_add_test(tcase, of_equal_keys_the_last_one_counts);
	tcase_add_test(tcase, any_number_of_entries_is_sorted);
	tcase_add_test(tcase, sorting_at_the_cap_changes_nothing);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

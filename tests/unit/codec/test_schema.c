/* SPDX-License-Identifier: MIT */
/*
 * Tests of lib/codec/schema.c, and of what the rest of the codec takes for granted
 * of the schema.
 */
#include "codec/schema_table.h"

#include <stdlib.h>

#include "codec/member.h"
#include "codec/wire.h"
#include "every.pb-c.h"
#include "grpc/health/v1/health.pb-c.h"
#include "helper.h"

START_TEST(messages_are_found_by_their_full_name)
{
	for (size_t i = 0; i < ctr_schema_messages_count; i++) {
		const ProtobufCMessageDescriptor *message = ctr_schema_messages[i];
		ck_assert_ptr_eq(ctr_schema_find_message(ctr_bytes_str(message->name)), message);
	}
	ck_assert_ptr_eq(ctr_schema_find_message(ctr_bytes_str("centro.v1.Job")),
			 &centro__v1__job__descriptor);
	ck_assert_ptr_eq(ctr_schema_find_message(ctr_bytes_str("google.protobuf.Timestamp")),
			 &google__protobuf__timestamp__descriptor);
	ck_assert_ptr_null(ctr_schema_find_message(ctr_bytes_str("")));
	ck_assert_ptr_null(ctr_schema_find_message(ctr_bytes_str("centro.v1.Jo")));
	ck_assert_ptr_null(ctr_schema_find_message(ctr_bytes_str("centro.v1.Jobs")));
	ck_assert_ptr_null(ctr_schema_find_message(ctr_bytes_str("zzz")));
}
END_TEST

static void check_method(const char *path, const ProtobufCMessageDescriptor *request,
			 const ProtobufCMessageDescriptor *response, bool client_streams,
			 bool server_streams)
{
	const struct ctr_schema_method *method = ctr_schema_find_method(ctr_bytes_str(path));
	ck_assert_ptr_nonnull(method);
	ck_assert_str_eq(method->path, path);
	ck_assert_ptr_eq(method->request, request);
	ck_assert_ptr_eq(method->response, response);
	ck_assert(method->client_streams == client_streams);
	ck_assert(method->server_streams == server_streams);
}

START_TEST(methods_know_what_streams)
{
	check_method("/centro.v1.JobService/Submit", &centro__v1__job_submit_request__descriptor,
		     &centro__v1__job_submit_response__descriptor, false, false);
	check_method("/centro.v1.AgentService/GetJob", &centro__v1__get_job_request__descriptor,
		     &centro__v1__get_job_response__descriptor, false, true);
	check_method("/centro.v1.AgentService/PushLog", &centro__v1__push_log_request__descriptor,
		     &centro__v1__push_log_response__descriptor, true, false);
	check_method("/grpc.health.v1.Health/Watch",
		     &grpc__health__v1__health_check_request__descriptor,
		     &grpc__health__v1__health_check_response__descriptor, false, true);
	ck_assert_ptr_nonnull(ctr_schema_find_method(
		ctr_bytes_str("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")));
	ck_assert_ptr_null(ctr_schema_find_method(ctr_bytes_str("/centro.v1.JobService/Sub")));
	ck_assert_ptr_null(ctr_schema_find_method(ctr_bytes_str("centro.v1.JobService/Submit")));

	size_t count;
	const struct ctr_schema_method *methods = ctr_schema_get_methods(&count);
	ck_assert_uint_ge(count, 18);
	for (size_t i = 0; i < count; i++)
		ck_assert_ptr_eq(ctr_schema_find_method(ctr_bytes_str(methods[i].path)),
				 &methods[i]);
}
END_TEST

START_TEST(the_descriptor_set_holds_every_file)
{
	struct centro_bytes rest = ctr_schema_descriptor_set();
	struct ctr_wire_field file, field;
	size_t count = 0;
	bool has_jobs = false, has_timestamp = false;

	while (rest.size > 0) {
		ck_assert_ptr_null(ctr_wire_take_field(&rest, &file));
		ck_assert_uint_eq(file.number, 1);
		struct centro_bytes inside = ctr_wire_bytes(&file);
		ck_assert_ptr_null(ctr_wire_take_field(&inside, &field));
		struct centro_bytes name = ctr_wire_bytes(&field);
		has_jobs |= ctr_bytes_equal(name, ctr_bytes_str("centro/v1/job.proto"));
		has_timestamp |=
			ctr_bytes_equal(name, ctr_bytes_str("google/protobuf/timestamp.proto"));
		count++;
	}
	ck_assert_uint_eq(count, 11);
	ck_assert(has_jobs && has_timestamp);
}
END_TEST

START_TEST(maps_are_told_from_repeated_messages)
{
	const ProtobufCMessageDescriptor *task = &centro__v1__task__descriptor;
	ck_assert(ctr_field_is_map(protobuf_c_message_descriptor_get_field_by_name(task, "env")));
	ck_assert(!ctr_field_is_map(
		protobuf_c_message_descriptor_get_field_by_name(task, "command")));
	/* Two fields, repeated, and not a map. */
	const ProtobufCMessageDescriptor *response = &centro__v1__heartbeat_response__descriptor;
	ck_assert(!ctr_field_is_map(
		protobuf_c_message_descriptor_get_field_by_name(response, "renewals")));
	ck_assert_uint_eq(ctr_schema_map_entries_count, 6);
}
END_TEST

/* Whether a message can hold one of its own type, however deep. */
static bool can_hold(const ProtobufCMessageDescriptor *in, const ProtobufCMessageDescriptor *what,
		     int depth)
{
	if (depth == CTR_MESSAGE_DEPTH_MAX)
		return true;
	for (unsigned i = 0; i < in->n_fields; i++) {
		const ProtobufCMessageDescriptor *inner = ctr_field_message(&in->fields[i]);
		if (inner && (inner == what || can_hold(inner, what, depth + 1)))
			return true;
	}
	return false;
}

START_TEST(the_schema_keeps_to_what_the_codec_can)
{
	for (size_t i = 0; i < ctr_schema_messages_count; i++) {
		const ProtobufCMessageDescriptor *message = ctr_schema_messages[i];
		/* json_decode.c keeps a set of those it has seen in 64 bits. */
		ck_assert_uint_le(message->n_fields, 64);
		/* Names are shown in errors, and compared in nearest.c. */
		for (unsigned f = 0; f < message->n_fields; f++) {
			const ProtobufCFieldDescriptor *field = &message->fields[f];
			ck_assert_uint_le(strlen(field->name), 63);
			ck_assert(field->type != PROTOBUF_C_TYPE_FLOAT);
			ck_assert(field->type != PROTOBUF_C_TYPE_DOUBLE);
			/* proto2, or what protobuf-c cannot tell from a default. */
			ck_assert(field->label == PROTOBUF_C_LABEL_NONE ||
				  field->label == PROTOBUF_C_LABEL_REPEATED);
		}
		/* Nothing nests without end. */
		ck_assert(!can_hold(message, message, 1));
	}
	ck_assert(can_hold(&test__nest__descriptor, &test__nest__descriptor, 1));
}
END_TEST

START_TEST(keys_of_maps_are_text)
{
	for (size_t i = 0; i < ctr_schema_map_entries_count; i++) {
		const ProtobufCMessageDescriptor *entry = ctr_schema_map_entries[i];
		ck_assert_uint_eq(entry->n_fields, 2);
		ck_assert_str_eq(entry->fields[0].name, "key");
		ck_assert_int_eq(entry->fields[0].type, PROTOBUF_C_TYPE_STRING);
		ck_assert_str_eq(entry->fields[1].name, "value");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codec/schema");
	TCase *tcase = tcase_create("schema");
	tcase_add_test(tcase, messages_are_found_by_their_full_name);
	tcase_add_test(tcase, methods_know_what_streams);
	tcase_add_test(tcase, the_descriptor_set_holds_every_file);
	tcase_add_test(tcase, maps_are_told_from_repeated_messages);
	tcase_add_test(tcase, the_schema_keeps_to_what_the_codec_can);
	tcase_add_test(tcase, keys_of_maps_are_text);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

/* SPDX-License-Identifier: MIT */
/*
 * fuzz_json.c - text as a message of some type.
 *
 *	1 byte   the type
 *	         JSON
 *
 * What is taken says what the wire may say; what is refused, is so with a text.
 */
#include "message_check.h"

#include "codec/json_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	const ProtobufCMessageDescriptor *type = message_type(fuzz_u8(&input));
	struct centro_bytes json = ctr_bytes(input.data, input.size);
	struct ctr_arena arena;
	ProtobufCMessage *message;
	struct centro_error_text text = {""};
	size_t values;

	bool is_json = ctr_json_check(json, &values, &text) == CENTRO_OK;
	if (!is_json)
		error_text_check(&text);
	ctr_arena_init(&arena, NULL, (size_t)64 << 20);
	int status = ctr_json_decode(type, json, &arena, &message, &text);
	ck_assert(is_json || status == CENTRO_ERR_INVALID);
	if (status == CENTRO_OK)
		message_check(message);
	else
		error_text_check(&text);
	ctr_arena_fini(&arena);
	return 0;
}

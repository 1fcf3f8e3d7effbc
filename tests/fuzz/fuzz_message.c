/* SPDX-License-Identifier: MIT */
/*
 * fuzz_message.c - bytes as a message of some type.
 *
 *	1 byte   the type
 *	         the message
 */
#include "message_check.h"

#include "support/failing_allocator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	const ProtobufCMessageDescriptor *type = message_type(fuzz_u8(&input));
	struct failing_allocator memory;
	struct ctr_arena arena;
	ProtobufCMessage *message;
	struct centro_error_text text = {""};

	failing_allocator_init(&memory, /* fail_at= */ 0);
	ctr_arena_init(&arena, &memory.allocator, ctr_message_arena_bytes(input.size));
	int status = ctr_message_decode(type, ctr_bytes(input.data, input.size), &arena, &message,
					&text);
	if (status == CENTRO_OK)
		message_check(message);
	else
		error_text_check(&text);
	ck_assert(status == CENTRO_OK || status == CENTRO_ERR_INVALID ||
		  status == CENTRO_ERR_LIMIT);
	ctr_arena_fini(&arena);
	ck_assert_uint_eq(memory.live, 0);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * grpc_frame.c - gRPC messages out of a stream of bytes.
 *
 * A message that lies within the input is handed out where it lies. Another
 * one is gathered in `partial`, which grows with what has come and not with
 * what the prefix promises: a length costs its sender nothing.
 *
 * Invariants: prefix_bytes <= 5; partial.size < message_bytes unless the
 * message was just handed out; message_bytes <= message_bytes_max while
 * anything is gathered.
 *
 * Layer: wire.
 */
#include "wire/grpc_frame.h"

#include "base/assert.h"
#include "base/bytes.h"

/* A larger buffer is not kept for the next message. */
#define PARTIAL_KEEP_BYTES ((size_t)64 * 1024)

void ctr_grpc_parser_init(struct ctr_grpc_parser *parser, const struct centro_allocator *allocator,
			  size_t message_bytes_max)
{
	CTR_ASSERT(message_bytes_max > 0);

	*parser = (struct ctr_grpc_parser){.message_bytes_max = message_bytes_max};
	ctr_buf_init(&parser->partial, allocator, message_bytes_max);
}

void ctr_grpc_parser_fini(struct ctr_grpc_parser *parser)
{
	ctr_buf_fini(&parser->partial);
}

static void forget_partial(struct ctr_grpc_parser *parser, size_t keep_bytes_max)
{
	if (parser->partial.capacity > keep_bytes_max)
		ctr_buf_fini(&parser->partial);
	ctr_buf_clear(&parser->partial);
	parser->partial_is_used = false;
}

void ctr_grpc_parser_reset(struct ctr_grpc_parser *parser, size_t keep_bytes_max)
{
	forget_partial(parser, keep_bytes_max);
	parser->prefix_bytes = 0;
	parser->message_bytes = 0;
}

static struct centro_bytes take(struct centro_bytes *input, size_t size)
{
	CTR_ASSERT(size <= input->size);

	struct centro_bytes taken = ctr_bytes(input->data, size);
	if (size > 0)
		*input = ctr_bytes(input->data + size, input->size - size);
	return taken;
}

static void read_prefix(struct ctr_grpc_parser *parser, struct centro_bytes *input)
{
	size_t missing = CTR_GRPC_PREFIX_BYTES - parser->prefix_bytes;
	struct centro_bytes part = take(input, input->size < missing ? input->size : missing);
	if (part.size > 0)
		memcpy(parser->prefix + parser->prefix_bytes, part.data, part.size);
	parser->prefix_bytes += (uint8_t)part.size;
}

static enum ctr_grpc_parse check_prefix(struct ctr_grpc_parser *parser)
{
	const uint8_t *prefix = parser->prefix;
	parser->message_bytes = (size_t)prefix[1] << 24 | (size_t)prefix[2] << 16 |
				(size_t)prefix[3] << 8 | (size_t)prefix[4];
	if (prefix[0] > 1)
		return CTR_GRPC_PARSE_BAD_FLAG;
	if (prefix[0] == 1)
		return CTR_GRPC_PARSE_COMPRESSED;
	if (parser->message_bytes > parser->message_bytes_max)
		return CTR_GRPC_PARSE_TOO_LARGE;
	return CTR_GRPC_PARSE_MORE;
}

/* The rest of a message that did not come in one piece. */
static enum ctr_grpc_parse gather(struct ctr_grpc_parser *parser, struct centro_bytes *input,
				  struct centro_bytes *ret_message)
{
	size_t missing = parser->message_bytes - parser->partial.size;
	size_t size = input->size < missing ? input->size : missing;
	if (ctr_buf_append(&parser->partial, input->data, size) != CENTRO_OK)
		return CTR_GRPC_PARSE_NOMEM;
	take(input, size);
	if (size < missing)
		return CTR_GRPC_PARSE_MORE;

	*ret_message = ctr_buf_bytes(&parser->partial);
	parser->partial_is_used = true;
	parser->prefix_bytes = 0;
	return CTR_GRPC_PARSE_MESSAGE;
}

enum ctr_grpc_parse ctr_grpc_parser_next(struct ctr_grpc_parser *parser, struct centro_bytes *input,
					 struct centro_bytes *ret_message)
{
	CTR_ASSERT(parser->prefix_bytes <= CTR_GRPC_PREFIX_BYTES);

	if (parser->partial_is_used)
		forget_partial(parser, PARTIAL_KEEP_BYTES);
	if (parser->prefix_bytes < CTR_GRPC_PREFIX_BYTES) {
		read_prefix(parser, input);
		if (parser->prefix_bytes < CTR_GRPC_PREFIX_BYTES)
			return CTR_GRPC_PARSE_MORE;
		enum ctr_grpc_parse checked = check_prefix(parser);
		if (checked != CTR_GRPC_PARSE_MORE)
			return checked;
	}
	CTR_ASSERT(parser->message_bytes <= parser->message_bytes_max);

	if (parser->partial.size > 0 || input->size < parser->message_bytes)
		return gather(parser, input, ret_message);
	*ret_message = take(input, parser->message_bytes);
	parser->prefix_bytes = 0;
	return CTR_GRPC_PARSE_MESSAGE;
}

bool ctr_grpc_parser_is_empty(const struct ctr_grpc_parser *parser)
{
	return parser->prefix_bytes == 0;
}

size_t ctr_grpc_parser_held_bytes(const struct ctr_grpc_parser *parser)
{
	return parser->partial_is_used ? 0 : parser->partial.size;
}

void ctr_grpc_prefix_write(uint8_t prefix[CTR_GRPC_PREFIX_BYTES], uint32_t message_bytes)
{
	prefix[0] = 0;
	prefix[1] = (uint8_t)(message_bytes >> 24);
	prefix[2] = (uint8_t)(message_bytes >> 16);
	prefix[3] = (uint8_t)(message_bytes >> 8);
	prefix[4] = (uint8_t)message_bytes;
}

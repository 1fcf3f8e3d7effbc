/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_GRPC_FRAME_H
#define CTR_WIRE_GRPC_FRAME_H

/*
 * gRPC's length-prefixed messages: one byte of flags, four of length, most
 * significant first, then the message. Read from pieces of any size.
 */

#include "base/buf.h"

#define CTR_GRPC_PREFIX_BYTES 5

struct ctr_grpc_parser {
	size_t message_bytes_max;
	uint8_t prefix[CTR_GRPC_PREFIX_BYTES];
	uint8_t prefix_bytes;   /* of the prefix, read so far */
	bool partial_is_used;   /* `partial` was handed out and is to be emptied */
	size_t message_bytes;   /* what the prefix says, once it is complete */
	struct ctr_buf partial; /* of a message that did not come in one piece */
};

enum ctr_grpc_parse {
	CTR_GRPC_PARSE_MORE,       /* *input is used up, no message is complete */
	CTR_GRPC_PARSE_MESSAGE,    /* *ret_message is one; there may be more in *input */
	CTR_GRPC_PARSE_TOO_LARGE,  /* message_bytes is over the limit */
	CTR_GRPC_PARSE_COMPRESSED, /* the flag is 1 */
	CTR_GRPC_PARSE_BAD_FLAG,   /* neither 0 nor 1 */
	CTR_GRPC_PARSE_NOMEM,
};

/* Takes no memory yet. */
void ctr_grpc_parser_init(struct ctr_grpc_parser *parser, const struct centro_allocator *allocator,
			  size_t message_bytes_max);
void ctr_grpc_parser_fini(struct ctr_grpc_parser *parser);
/* As new; memory over `keep_bytes_max` is given back. */
void ctr_grpc_parser_reset(struct ctr_grpc_parser *parser, size_t keep_bytes_max);

/*
 * Take bytes from the front of *input until there is something to say. A
 * message is borrowed until the next call: from *input itself when it came in
 * one piece. After an error only _reset() and _fini() are of use.
 */
enum ctr_grpc_parse ctr_grpc_parser_next(struct ctr_grpc_parser *parser, struct centro_bytes *input,
					 struct centro_bytes *ret_message);
/* Nothing is begun. */
bool ctr_grpc_parser_is_empty(const struct ctr_grpc_parser *parser);
/* Of a message whose rest has not come. */
size_t ctr_grpc_parser_held_bytes(const struct ctr_grpc_parser *parser);

/* The prefix of a message that is not compressed. */
void ctr_grpc_prefix_write(uint8_t prefix[CTR_GRPC_PREFIX_BYTES], uint32_t message_bytes);

#endif

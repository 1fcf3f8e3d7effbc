/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_GRPC_META_H
#define CTR_WIRE_GRPC_META_H

/* What stands in gRPC's headers: which ones there are, and how values are spelled. */

#include "base/buf.h"
#include "base/time.h"

enum ctr_grpc_header {
	CTR_GRPC_HEADER_CUSTOM, /* metadata */
	CTR_GRPC_HEADER_METHOD,
	CTR_GRPC_HEADER_PATH,
	CTR_GRPC_HEADER_STATUS, /* ":status" */
	CTR_GRPC_HEADER_CONTENT_TYPE,
	CTR_GRPC_HEADER_TIMEOUT,
	CTR_GRPC_HEADER_ENCODING,
	CTR_GRPC_HEADER_GRPC_STATUS,
	CTR_GRPC_HEADER_GRPC_MESSAGE,
	CTR_GRPC_HEADER_OTHER, /* known, and of no use here */
};

enum ctr_grpc_header ctr_grpc_header_find(struct centro_bytes name);

/* "application/grpc" or "application/grpc+proto", in any case, parameters allowed. */
bool ctr_grpc_content_type_is_grpc(struct centro_bytes value);

/* One to eight digits and one of H M S m u n. */
bool ctr_grpc_timeout_parse(struct centro_bytes value, struct centro_span *ret_span);
#define CTR_GRPC_TIMEOUT_CHARS 10
/* In the finest unit that has room, rounded up; terminated. Returns the length. */
size_t ctr_grpc_timeout_format(struct centro_span span, char text[CTR_GRPC_TIMEOUT_CHARS]);

/* grpc-message: all but space to '~' becomes %XX, and '%' itself. */
int ctr_grpc_percent_encode(struct ctr_buf *buf, struct centro_bytes text);
/* How many bytes one becomes. */
size_t ctr_grpc_percent_size(uint8_t c);
/* What is not %XX stays as it came. */
int ctr_grpc_percent_decode(struct ctr_buf *buf, struct centro_bytes text);

/* Of names that end in "-bin". Written without padding; read with or without. */
bool ctr_grpc_name_is_binary(struct centro_bytes name);

/*
 * Metadata one after the other in a buffer, behind whatever else stands there.
 * A "-bin" value is decoded (INVALID when it cannot be).
 */
int ctr_grpc_metadata_add(struct ctr_buf *buf, struct centro_bytes name, struct centro_bytes value);
/* The first one of that name in what _add() wrote; borrowed. */
bool ctr_grpc_metadata_find(struct centro_bytes records, struct centro_bytes name,
			    struct centro_bytes *ret_value);

#endif

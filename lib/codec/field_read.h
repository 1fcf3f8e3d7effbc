/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_FIELD_READ_H
#define CTR_CODEC_FIELD_READ_H

/*
 * Decoded messages into the core's structs: a row a field. Text stays where it is,
 * arrays come from the arena.
 */

#include <stddef.h>

#include "base/arena.h"
#include "base/problems.h"
#include "codec/path.h"

#include <protobuf-c/protobuf-c.h>

enum ctr_read_kind {
	CTR_READ_UINT,  /* unsigned, bool or enum of 4 or 8 bytes → unsigned of 1 to 8 */
	CTR_READ_INT32, /* → int32_t */
	CTR_READ_TEXT,  /* string → struct centro_bytes */
	CTR_READ_BYTES, /* bytes → struct centro_bytes */
	CTR_READ_TIME,  /* Timestamp → struct centro_instant; unset: 0 */
	CTR_READ_SPAN,  /* Duration → struct centro_span; unset: 0 */
	CTR_READ_ONE,   /* a message → a struct, by `nested`; unset: all 0 */
	/* Repeated, into an array and its count: */
	CTR_READ_TEXTS,   /* string → struct centro_bytes */
	CTR_READ_LABELS,  /* map<string, string> → struct ctr_label */
	CTR_READ_AMOUNTS, /* map<string, uint32> → struct ctr_named_amount */
	CTR_READ_MANY,    /* messages → structs, by `nested` */
};

struct ctr_read_table;

struct ctr_read_row {
	uint8_t kind; /* enum ctr_read_kind */
	uint8_t from_size, to_size;
	uint16_t from, from_count; /* offsets in the message … */
	uint16_t to, to_count;     /* … and in the struct */
	const struct ctr_read_table *nested;
};

struct ctr_read_table {
	const struct ctr_read_row *rows;
	size_t row_count;
	size_t size; /* of the struct */
};

#define CTR_READ_ROW(read_kind, message, field, type, member)                                \
	{                                                                                    \
		.kind = (read_kind), .from = offsetof(message, field),                       \
		.from_size = sizeof(((message *)NULL)->field), .to = offsetof(type, member), \
		.to_size = sizeof(((type *)NULL)->member)                                    \
	}
#define CTR_READ_NESTED_ROW(message, field, type, member, table)        \
	{                                                               \
		.kind = CTR_READ_ONE, .from = offsetof(message, field), \
		.to = offsetof(type, member), .nested = (table)         \
	}
#define CTR_READ_ARRAY_ROW(read_kind, message, field, type, member, count, table)         \
	{                                                                                 \
		.kind = (read_kind), .from = offsetof(message, field),                    \
		.from_count = offsetof(message, n_##field), .to = offsetof(type, member), \
		.to_count = offsetof(type, count), .nested = (table)                      \
	}
#define CTR_READ_TABLE(table_rows, type)                                       \
	{                                                                      \
		.rows = (table_rows), .row_count = CTR_ARRAY_SIZE(table_rows), \
		.size = sizeof(type)                                           \
	}

/*
 * Fill the members that the table has a row for; others are left alone.
 *
 * @retval CENTRO_ERR_INVALID  a number, a time or a duration that the core has no room for:
 *                             `text` names the field
 * @retval CENTRO_ERR_LIMIT, _NOMEM  the arena
 */
int ctr_read_fields(const struct ctr_read_table *table, const ProtobufCMessage *message,
		    const struct ctr_path *path, void *to, struct ctr_arena *arena,
		    struct centro_error_text *text);
/*
 * The same, but what the core has no room for is added to `problems`, its member is left
 * as it was (a time or a duration: 0), and the rest is read.
 *
 * @retval CENTRO_ERR_LIMIT, _NOMEM  the arena
 */
int ctr_read_all_fields(const struct ctr_read_table *table, const ProtobufCMessage *message,
			void *to, struct ctr_arena *arena, struct ctr_problems *problems,
			struct centro_error_text *text);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_RECORD_H
#define CTR_CODEC_RECORD_H

/* What the codecs of jobs, nodes and other records share. */

#include "codec/codec.h"
#include "codec/field_read.h"
#include "codec/field_write.h"
#include "codec/message.h"

extern const struct ctr_read_table ctr_read_resources;

/* The message, encoded, in the arena. */
int ctr_codec_text(const ProtobufCMessage *message, struct ctr_arena *arena,
		   struct centro_bytes *ret_text, struct centro_error_text *error_text);

/* The end of an encoder that began at `before`: its status, and on an error nothing appended. */
int ctr_encode_end(struct ctr_buf *buf, size_t before);

/* Of something that was stored: what does not make sense is CORRUPT, not INVALID. */
int ctr_record_status(int status);
int ctr_record_decode(const ProtobufCMessageDescriptor *descriptor, struct centro_bytes bytes,
		      uint64_t fields, struct ctr_arena *arena, ProtobufCMessage **ret_message,
		      struct centro_error_text *text);
/* The one field of that number in a record, as it stands there. CORRUPT: not exactly one. */
int ctr_record_find(struct centro_bytes record, uint32_t number, const char *name,
		    struct centro_bytes *ret_bytes, struct centro_error_text *text);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * message_encode.c - any message into bytes, by protobuf-c.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/codec.h"

#include "base/assert.h"
#include "codec/wire.h"

int ctr_message_encode(const ProtobufCMessage *message, struct ctr_buf *buf)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *at = ctr_buf_extend(buf, size);
	if (!at)
		return buf->error;
	size_t packed = protobuf_c_message_pack(message, at);
	CTR_ASSERT(packed == size);
	return CENTRO_OK;
}

int ctr_message_append_field(struct ctr_buf *buf, uint32_t field, struct centro_bytes bytes)
{
	uint8_t head[2 * CTR_WIRE_VARINT_SIZE_MAX];
	uint8_t *end = ctr_wire_put_tag(head, field, CTR_WIRE_BYTES);
	end = ctr_wire_put_varint(end, bytes.size);
	size_t head_size = (size_t)(end - head);

	/* Both or nothing. */
	size_t size;
	if (!ctr_add_size(head_size, bytes.size, &size))
		size = SIZE_MAX;
	int status = ctr_buf_reserve(buf, size);
	if (status != CENTRO_OK)
		return status;
	ctr_buf_append(buf, head, head_size);
	return ctr_buf_append_bytes(buf, bytes);
}

/* SPDX-License-Identifier: MIT */
/*
 * grpc_meta.c - which headers gRPC knows, and metadata kept as records.
 *
 * A record is two 32-bit lengths, the name, the value. One buffer holds them
 * all: a call costs no allocation a header.
 *
 * Layer: wire.
 */
#include "wire/grpc_meta.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"

struct known_header {
	const char *name;
	size_t size;
	enum ctr_grpc_header header;
};

#define KNOWN(name, header)                                      \
	{                                                        \
		name, sizeof(name) - 1, CTR_GRPC_HEADER_##header \
	}
static const struct known_header known_headers[] = {
	KNOWN(":method", METHOD),
	KNOWN(":scheme", OTHER),
	KNOWN(":path", PATH),
	KNOWN(":authority", OTHER),
	KNOWN(":status", STATUS),
	KNOWN("te", OTHER),
	KNOWN("content-type", CONTENT_TYPE),
	KNOWN("grpc-timeout", TIMEOUT),
	KNOWN("grpc-encoding", ENCODING),
	KNOWN("grpc-accept-encoding", OTHER),
	KNOWN("grpc-status", GRPC_STATUS),
	KNOWN("grpc-message", GRPC_MESSAGE),
};
#undef KNOWN

enum ctr_grpc_header ctr_grpc_header_find(struct centro_bytes name)
{
	for (size_t i = 0; i < CTR_ARRAY_SIZE(known_headers); i++) {
		const struct known_header *known = &known_headers[i];
		if (known->size == name.size && memcmp(known->name, name.data, name.size) == 0)
			return known->header;
	}
	return CTR_GRPC_HEADER_CUSTOM;
}

static bool starts_with_lower(struct centro_bytes text, const char *lower, size_t size)
{
	if (text.size < size)
		return false;
	for (size_t i = 0; i < size; i++) {
		uint8_t c = text.data[i];
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c - 'A' + 'a');
		if (c != (uint8_t)lower[i])
			return false;
	}
	return true;
}

bool ctr_grpc_content_type_is_grpc(struct centro_bytes value)
{
	static const char bare[] = "application/grpc";
	static const char proto[] = "application/grpc+proto";

	size_t size = sizeof(proto) - 1;
	if (!starts_with_lower(value, proto, size)) {
		size = sizeof(bare) - 1;
		if (!starts_with_lower(value, bare, size))
			return false;
	}
	return value.size == size || value.data[size] == ';' || value.data[size] == ' ';
}

bool ctr_grpc_name_is_binary(struct centro_bytes name)
{
	return name.size >= 4 && memcmp(name.data + name.size - 4, "-bin", 4) == 0;
}

struct record {
	uint32_t name_bytes, value_bytes;
};

/* On an error `buf` is as it was. */
static int append_decoded(struct ctr_buf *buf, struct centro_bytes text)
{
	size_t start = buf->size, size = 0;
	uint8_t *out = ctr_buf_extend(buf, ctr_base64_decoded_max(text.size));
	if (!out)
		return buf->error;
	int status = ctr_base64_decode(text, out, &size);
	ctr_buf_truncate(buf, start + size);
	return status;
}

int ctr_grpc_metadata_add(struct ctr_buf *buf, struct centro_bytes name, struct centro_bytes value)
{
	CTR_ASSERT(name.size <= UINT32_MAX);
	CTR_ASSERT(value.size <= UINT32_MAX);

	size_t start = buf->size;
	struct record record = {.name_bytes = (uint32_t)name.size};
	int status = ctr_buf_reserve(buf, sizeof(record) + name.size + value.size);
	if (status != CENTRO_OK)
		return status;
	ctr_buf_append(buf, &record, sizeof(record));
	ctr_buf_append_bytes(buf, name);
	if (ctr_grpc_name_is_binary(name)) {
		/* gRPC allows several in one, with commas between; the first one counts. */
		const uint8_t *comma = value.size > 0 ? memchr(value.data, ',', value.size) : NULL;
		if (comma)
			value.size = (size_t)(comma - value.data);
		status = append_decoded(buf, value);
	} else {
		status = ctr_buf_append_bytes(buf, value);
	}
	if (status != CENTRO_OK) {
		ctr_buf_truncate(buf, start);
		return status;
	}
	record.value_bytes = (uint32_t)(buf->size - start - sizeof(record) - name.size);
	memcpy(buf->data + start, &record, sizeof(record));
	return CENTRO_OK;
}

bool ctr_grpc_metadata_find(struct centro_bytes records, struct centro_bytes name,
			    struct centro_bytes *ret_value)
{
	size_t at = 0;
	while (at < records.size) {
		struct record record;
		CTR_ASSERT(records.size - at >= sizeof(record));
		memcpy(&record, records.data + at, sizeof(record));
		at += sizeof(record);
		CTR_ASSERT((size_t)record.name_bytes + record.value_bytes <= records.size - at);

		const uint8_t *data = records.data + at;
		if (ctr_bytes_equal(ctr_bytes(data, record.name_bytes), name)) {
			*ret_value = ctr_bytes(data + record.name_bytes, record.value_bytes);
			return true;
		}
		at += (size_t)record.name_bytes + record.value_bytes;
	}
	return false;
}

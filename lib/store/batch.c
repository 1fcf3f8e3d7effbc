/* SPDX-License-Identifier: MIT */
/*
 * batch.c - the operations of one commit, in order.
 *
 * Two arrays that only grow: what the operations are, and the bytes of all
 * their keys and values one behind the other. Clearing keeps both, so a batch
 * that is used again and again soon takes no more memory.
 *
 * Invariants: every operation is within the limits of centro/store.h, so no
 * backend checks them again; one that could not be added whole was not added
 * at all.
 *
 * Layer: store. Includes base.
 */
#include <centro/store_impl.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/bytes.h"

#define ENTRIES_MIN 64

struct entry {
	uint32_t offset; /* of the key in `bytes`; the value stands behind it */
	uint32_t value_size;
	uint32_t group;
	uint16_t key_size;
	uint8_t type;
};

struct centro_batch {
	const struct centro_allocator *allocator;
	struct entry *entries;
	size_t count, capacity;
	struct ctr_buf bytes;
	uint32_t group;
	uint32_t group_count; /* operations in it so far */
};

_Static_assert(CENTRO_STORE_BATCH_BYTES_MAX <= UINT32_MAX, "an offset fits");
_Static_assert(CENTRO_STORE_KEY_SIZE_MAX <= UINT16_MAX, "a key's size fits");

struct centro_batch *centro_batch_new(const struct centro_allocator *allocator)
{
	allocator = ctr_allocator_or_default(allocator);
	struct centro_batch *batch = ctr_alloc_zero(allocator, sizeof(*batch));
	if (!batch)
		return NULL;
	batch->allocator = allocator;
	ctr_buf_init(&batch->bytes, allocator, CENTRO_STORE_BATCH_BYTES_MAX);
	return batch;
}

void centro_batch_free(struct centro_batch *batch)
{
	if (!batch)
		return;
	ctr_buf_fini(&batch->bytes);
	ctr_free(batch->allocator, batch->entries);
	ctr_free(batch->allocator, batch);
}

void centro_batch_clear(struct centro_batch *batch)
{
	batch->count = 0;
	batch->group = 0;
	batch->group_count = 0;
	ctr_buf_clear(&batch->bytes);
}

static int reserve_entry(struct centro_batch *batch)
{
	if (batch->count < batch->capacity)
		return CENTRO_OK;
	size_t capacity = batch->capacity ? batch->capacity * 2 : ENTRIES_MIN;
	struct entry *entries =
		ctr_resize_array(batch->allocator, batch->entries, capacity, sizeof(*entries));
	if (!entries)
		return CENTRO_ERR_NOMEM;
	batch->entries = entries;
	batch->capacity = capacity;
	return CENTRO_OK;
}

static bool key_is_valid(struct centro_bytes key)
{
	return key.data && key.size > 0 && key.size <= CENTRO_STORE_KEY_SIZE_MAX &&
	       !ctr_bytes_starts_with(key, ctr_bytes_str(CENTRO_STORE_RESERVED_PREFIX));
}

static int add(struct centro_batch *batch, enum centro_op_type type, struct centro_bytes key,
	       struct centro_bytes value)
{
	if (!key_is_valid(key))
		return CENTRO_ERR_INVALID;
	if (value.size > CENTRO_STORE_VALUE_SIZE_MAX || (value.size > 0 && !value.data))
		return CENTRO_ERR_INVALID;
	if (batch->group_count >= CENTRO_STORE_GROUP_OPS_MAX ||
	    batch->count >= CENTRO_STORE_BATCH_OPS_MAX ||
	    key.size + value.size > CENTRO_STORE_BATCH_BYTES_MAX - batch->bytes.size)
		return CENTRO_ERR_LIMIT;

	size_t offset = batch->bytes.size;
	if (reserve_entry(batch) != CENTRO_OK ||
	    ctr_buf_reserve(&batch->bytes, key.size + value.size) != CENTRO_OK) {
		/* Refused, not broken: the batch can be used on. */
		batch->bytes.error = CENTRO_OK;
		return CENTRO_ERR_NOMEM;
	}
	ctr_buf_append_bytes(&batch->bytes, key);
	ctr_buf_append_bytes(&batch->bytes, value);
	CTR_ASSERT(batch->bytes.size == offset + key.size + value.size);

	batch->entries[batch->count++] = (struct entry){
		.offset = (uint32_t)offset,
		.value_size = (uint32_t)value.size,
		.group = batch->group,
		.key_size = (uint16_t)key.size,
		.type = (uint8_t)type,
	};
	batch->group_count++;
	return CENTRO_OK;
}

int centro_batch_put(struct centro_batch *batch, struct centro_bytes key, struct centro_bytes value)
{
	return add(batch, CENTRO_OP_PUT, key, value);
}

int centro_batch_delete(struct centro_batch *batch, struct centro_bytes key)
{
	return add(batch, CENTRO_OP_DELETE, key, ctr_bytes(NULL, 0));
}

int centro_batch_require(struct centro_batch *batch, struct centro_bytes key, bool present)
{
	return add(batch, present ? CENTRO_OP_REQUIRE_PRESENT : CENTRO_OP_REQUIRE_ABSENT, key,
		   ctr_bytes(NULL, 0));
}

void centro_batch_end_group(struct centro_batch *batch)
{
	/* An empty group would leave a gap in the numbers. */
	if (batch->group_count == 0)
		return;
	batch->group++;
	batch->group_count = 0;
}

void centro_batch_drop_group(struct centro_batch *batch)
{
	CTR_ASSERT(batch->group_count <= batch->count);

	if (batch->group_count == 0)
		return;
	batch->count -= batch->group_count;
	batch->group_count = 0;
	ctr_buf_truncate(&batch->bytes, batch->entries[batch->count].offset);
}

size_t centro_batch_count(const struct centro_batch *batch)
{
	return batch->count;
}

size_t centro_batch_bytes(const struct centro_batch *batch)
{
	return batch->bytes.size;
}

struct centro_op centro_batch_get(const struct centro_batch *batch, size_t index)
{
	CTR_ASSERT(index < batch->count);

	const struct entry *entry = &batch->entries[index];
	const uint8_t *key = batch->bytes.data + entry->offset;
	return (struct centro_op){
		.type = (enum centro_op_type)entry->type,
		.key = ctr_bytes(key, entry->key_size),
		.value = ctr_bytes(key + entry->key_size, entry->value_size),
		.group = entry->group,
	};
}

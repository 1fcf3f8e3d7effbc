/* SPDX-License-Identifier: MIT */
/*
 * open.c - from a URI to the backend that is meant.
 *
 * Layer: store. Includes base.
 */
#include "store/internal.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "store/store_file.h"
#include "store/store_memory.h"

/* No option struct will grow to this: a larger size was never set. */
#define STRUCT_SIZE_MAX 4096

typedef int open_fn(const char *rest, const struct centro_store_options *options,
		    struct centro_store **ret_store, struct centro_error_text *text);

/* By the name in front of the colon. */
static const struct scheme {
	const char *name;
	open_fn *open;
} schemes[] = {
	{"memory", ctr_store_memory_open_uri},
	{"file", ctr_store_file_open},
};

int ctr_store_copy_struct(void *to, size_t to_size, size_t size_min, const void *from,
			  size_t from_size)
{
	CTR_ASSERT(size_min >= sizeof(size_t) && size_min <= to_size);

	if (from_size < size_min || from_size > STRUCT_SIZE_MAX)
		return CENTRO_ERR_ABI;
	for (size_t i = to_size; i < from_size; i++)
		if (((const uint8_t *)from)[i] != 0)
			return CENTRO_ERR_ABI;
	size_t common = from_size < to_size ? from_size : to_size;
	memset(to, 0, to_size);
	memcpy(to, from, common);
	return CENTRO_OK;
}

static const struct scheme *find_scheme(const char *uri, const char **ret_rest)
{
	const char *colon = strchr(uri, ':');
	if (!colon)
		return NULL;
	struct centro_bytes name = ctr_bytes(uri, (size_t)(colon - uri));
	for (size_t i = 0; i < CTR_ARRAY_SIZE(schemes); i++) {
		if (ctr_bytes_equal(name, ctr_bytes_str(schemes[i].name))) {
			*ret_rest = colon + 1;
			return &schemes[i];
		}
	}
	return NULL;
}

int centro_store_open(const char *uri, const struct centro_store_options *options,
		      struct centro_store **ret_store, struct centro_error_text *text)
{
	if (!uri || !ret_store)
		return ctr_error(text, CENTRO_ERR_INVALID, "no store is named");

	struct centro_store_options known = CENTRO_STORE_OPTIONS_INIT;
	if (options && ctr_store_copy_struct(&known, sizeof(known), sizeof(known), options,
					     options->size) != CENTRO_OK)
		return ctr_error(text, CENTRO_ERR_ABI,
				 "the store options have %zu bytes; this library knows %zu",
				 options->size, sizeof(known));
	known.allocator = ctr_allocator_or_default(known.allocator);
	if (known.bytes_max > 0 && known.bytes_max < CENTRO_STORE_BYTES_MIN)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "a store of at most %llu bytes is too small; the least is %d",
				 (unsigned long long)known.bytes_max, CENTRO_STORE_BYTES_MIN);

	const char *rest = NULL;
	const struct scheme *scheme = find_scheme(uri, &rest);
	if (!scheme)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "\"%.200s\" names no store; use memory: or file:PATH", uri);
	return scheme->open(rest, &known, ret_store, text);
}

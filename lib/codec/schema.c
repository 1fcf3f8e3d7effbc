/* SPDX-License-Identifier: MIT */
/*
 * schema.c - finds messages and methods by name in the generated tables.
 *
 * Invariant: the tables are sorted by name, as bytes.
 *
 * Layer: codec, descriptor-driven half.
 */
#include "codec/schema_table.h"

#include "base/bytes.h"

typedef const char *name_fn(size_t position);

/* The position of `name` among `count` sorted ones, or `count`. */
static size_t find(struct centro_bytes name, size_t count, name_fn *name_at)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = ctr_bytes_compare(name, ctr_bytes_str(name_at(middle)));
		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return count;
}

static const char *message_name(size_t position)
{
	return ctr_schema_messages[position]->name;
}

static const char *method_path(size_t position)
{
	return ctr_schema_methods[position].path;
}

const ProtobufCMessageDescriptor *ctr_schema_find_message(struct centro_bytes full_name)
{
	size_t position = find(full_name, ctr_schema_messages_count, message_name);
	return position < ctr_schema_messages_count ? ctr_schema_messages[position] : NULL;
}

const struct ctr_schema_method *ctr_schema_find_method(struct centro_bytes path)
{
	size_t position = find(path, ctr_schema_methods_count, method_path);
	return position < ctr_schema_methods_count ? &ctr_schema_methods[position] : NULL;
}

const struct ctr_schema_method *ctr_schema_get_methods(size_t *ret_count)
{
	*ret_count = ctr_schema_methods_count;
	return ctr_schema_methods;
}

struct centro_bytes ctr_schema_descriptor_set(void)
{
	return ctr_bytes(ctr_schema_set_data, ctr_schema_set_size);
}

/* SPDX-License-Identifier: MIT */
/* zone_file.c - time zones for tests. */
#include "zone_file.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct ctr_buf zone_file_read(const char *name)
{
	char path[256], chunk[4096];
	struct ctr_buf file;
	snprintf(path, sizeof(path), ZONE_FILES "%s", name);
	FILE *stream = fopen(path, "rb");
	ck_assert_msg(stream != NULL, "there is no %s: is tzdata installed?", path);
	ctr_buf_init(&file, NULL, 0);
	for (size_t size; (size = fread(chunk, 1, sizeof(chunk), stream)) > 0;)
		ck_assert_int_eq(ctr_buf_append(&file, chunk, size), CENTRO_OK);
	fclose(stream);
	return file;
}

struct ctr_zone_time zone_file_parse(const char *name, struct ctr_buf *ret_file)
{
	struct ctr_zone_time zone;
	struct centro_error_text text = {""};
	*ret_file = zone_file_read(name);
	ck_assert_msg(ctr_zone_time_parse(ctr_buf_bytes(ret_file), &zone, &text) == CENTRO_OK,
		      "%s: %s", name, text.text);
	return zone;
}

static void put(struct ctr_buf *buf, int64_t value, size_t size)
{
	for (size_t i = size; i-- > 0;)
		ctr_buf_append_char(buf, (char)((uint64_t)value >> (8 * i)));
}

static void put_block(struct ctr_buf *buf, const struct zone_file *file, size_t time_size)
{
	ctr_buf_append(buf, "TZif", 4);
	ctr_buf_append_char(buf, file->version == 1 ? '\0' : (char)('0' + file->version));
	put(buf, 0, 8);
	put(buf, 0, 7);
	put(buf, 0, 4);
	put(buf, 0, 4);
	put(buf, file->leaps, 4);
	put(buf, file->change_count, 4);
	put(buf, file->type_count, 4);
	put(buf, 1, 4);
	for (uint32_t i = 0; i < file->change_count; i++)
		put(buf, file->changes[i].at, time_size);
	for (uint32_t i = 0; i < file->change_count; i++)
		put(buf, file->changes[i].type, 1);
	for (uint32_t i = 0; i < file->type_count; i++) {
		put(buf, file->offsets[i], 4);
		put(buf, 0, 2);
	}
	put(buf, 0, 1);
	for (uint32_t i = 0; i < file->leaps; i++) {
		put(buf, 0, time_size);
		put(buf, 0, 4);
	}
}

struct ctr_buf zone_file_write(const struct zone_file *file)
{
	static const struct zone_file nothing = {.version = 2};
	struct ctr_buf buf;
	ctr_buf_init(&buf, NULL, 0);
	if (file->version == 1) {
		put_block(&buf, file, 4);
		return buf;
	}
	put_block(&buf, &nothing, 4);
	put_block(&buf, file, 8);
	ctr_buf_append_char(&buf, '\n');
	ctr_buf_append(&buf, file->tz, strlen(file->tz));
	ctr_buf_append_char(&buf, '\n');
	return buf;
}

/* SPDX-License-Identifier: MIT */
/*
 * file_format.c - the rows that a file store keeps for itself, as text.
 *
 * What is parsed comes from a disk, so it is checked like any other input.
 *
 * Layer: store. Includes base.
 */
#include "store/file_format.h"

#include <stdio.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

#define MAGIC "centro-store"

struct ctr_file_value ctr_file_format_print(const struct ctr_file_format *format)
{
	struct ctr_file_value value;
	int length = snprintf(value.text, sizeof(value.text), MAGIC " %llu %llu %s",
			      (unsigned long long)format->layout,
			      (unsigned long long)format->oldest_reader, format->writer);
	CTR_ASSERT(length > 0 && (size_t)length < sizeof(value.text));
	value.size = (size_t)length;
	return value;
}

/* The text up to the next blank, which is dropped; all of it if there is none. */
static struct centro_bytes take_word(struct centro_bytes *rest)
{
	const uint8_t *blank = rest->size > 0 ? memchr(rest->data, ' ', rest->size) : NULL;
	if (!blank) {
		struct centro_bytes all = *rest;
		*rest = ctr_bytes(NULL, 0);
		return all;
	}
	struct centro_bytes word = ctr_bytes(rest->data, (size_t)(blank - rest->data));
	*rest = ctr_bytes(blank + 1, rest->size - word.size - 1);
	return word;
}

static bool is_printable(struct centro_bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] < 0x20 || text.data[i] > 0x7e)
			return false;
	return true;
}

int ctr_file_format_parse(struct centro_bytes value, struct ctr_file_format *ret_format)
{
	struct ctr_file_format format = {0};
	struct centro_bytes rest = value;
	if (!ctr_bytes_equal(take_word(&rest), ctr_bytes_str(MAGIC)) ||
	    !ctr_parse_u64(take_word(&rest), &format.layout) ||
	    !ctr_parse_u64(take_word(&rest), &format.oldest_reader))
		return CENTRO_ERR_CORRUPT;
	if (format.oldest_reader == 0 || format.oldest_reader > format.layout)
		return CENTRO_ERR_CORRUPT;
	if (rest.size > CTR_FILE_WRITER_SIZE_MAX || !is_printable(rest))
		return CENTRO_ERR_CORRUPT;
	if (rest.size > 0)
		memcpy(format.writer, rest.data, rest.size);
	*ret_format = format;
	return CENTRO_OK;
}

struct ctr_file_value ctr_file_term_print(uint64_t term, const char *name)
{
	struct ctr_file_value value;
	int length =
		snprintf(value.text, sizeof(value.text), "%llu %s", (unsigned long long)term, name);
	CTR_ASSERT(length > 0 && (size_t)length < sizeof(value.text));
	value.size = (size_t)length;
	return value;
}

int ctr_file_term_parse(struct centro_bytes value, uint64_t *ret_term)
{
	struct centro_bytes rest = value;
	uint64_t term;
	if (!ctr_parse_u64(take_word(&rest), &term))
		return CENTRO_ERR_CORRUPT;
	*ret_term = term;
	return CENTRO_OK;
}

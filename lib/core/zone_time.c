/* SPDX-License-Identifier: MIT */
/*
 * zone_time.c - zone files: TZif, RFC 9636.
 *
 * A file has one block with times of four bytes, and from version 2 on a second one
 * behind it with times of eight, then a rule as text. The first block is only passed over
 * when there is a second.
 *
 * Invariants, once a zone was read: its times ascend strictly; each index is below the
 * count of types; each offset is within CTR_ZONE_OFFSET_MIN and _MAX.
 *
 * Layer: core.
 */
#include "core/zone_time.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

#define MAGIC       "TZif"
#define HEADER_SIZE 44
#define COUNTS_AT   20 /* behind the magic, the version, and what is reserved */
#define TYPE_SIZE   6
#define TIME_MAX    (INT64_C(1) << 59) /* the Big Bang, and as far ahead */

struct header {
	uint8_t version; /* 1 to 4 */
	uint32_t utc_flags, standard_flags, leaps, changes, types, name_chars;
};

static int corrupt(struct centro_error_text *text, const char *what)
{
	return ctr_error(text, CENTRO_ERR_CORRUPT, "the zone file makes no sense: %s", what);
}

/* Big-endian, of `size` bytes, the first of which has the sign. */
static int64_t read_signed(const uint8_t *bytes, size_t size)
{
	uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return (int64_t)value;
}

static int64_t change_time(const struct ctr_zone_time *zone, uint32_t change)
{
	return read_signed(zone->times + (size_t)change * zone->time_size, zone->time_size);
}

static int32_t type_offset(const struct ctr_zone_time *zone, uint32_t type)
{
	return (int32_t)read_signed(zone->types + (size_t)type * TYPE_SIZE, sizeof(int32_t));
}

/* ---- reading ---- */

static int read_version(uint8_t c, uint8_t *ret_version, struct centro_error_text *text)
{
	if (c != '\0' && (c < '2' || c > '4'))
		return ctr_error(text, CENTRO_ERR_VERSION,
				 "the zone file is of an unknown version; known are 1 to 4");
	*ret_version = c == '\0' ? 1 : (uint8_t)(c - '0');
	return CENTRO_OK;
}

/* Moves *file behind it. */
static int read_header(struct centro_bytes *file, struct header *ret_header,
		       struct centro_error_text *text)
{
	struct header header;
	uint32_t *const counts[] = {&header.utc_flags, &header.standard_flags, &header.leaps,
				    &header.changes,   &header.types,          &header.name_chars};
	if (file->size < HEADER_SIZE)
		return corrupt(text, "it ends within a header");
	if (!ctr_bytes_starts_with(*file, ctr_bytes_str(MAGIC)))
		return corrupt(text, "a header does not begin with " MAGIC);
	int error = read_version(file->data[strlen(MAGIC)], &header.version, text);
	if (error != CENTRO_OK)
		return error;
	for (size_t i = 0; i < CTR_ARRAY_SIZE(counts); i++)
		*counts[i] = (uint32_t)read_signed(file->data + COUNTS_AT + 4 * i, 4);
	*file = ctr_bytes(file->data + HEADER_SIZE, file->size - HEADER_SIZE);
	*ret_header = header;
	return CENTRO_OK;
}

static uint64_t block_size(const struct header *header, uint64_t time_size)
{
	return header->changes * (time_size + 1) + header->types * (uint64_t)TYPE_SIZE +
	       header->name_chars + header->leaps * (time_size + 4) + header->standard_flags +
	       header->utc_flags;
}

/* The block behind a header, and moves *file behind it. */
static int take_block(struct centro_bytes *file, const struct header *header, uint64_t time_size,
		      struct centro_bytes *ret_block, struct centro_error_text *text)
{
	uint64_t size = block_size(header, time_size);
	if (size > file->size)
		return corrupt(text, "it ends before what its header announces");
	*ret_block = ctr_bytes(file->data, (size_t)size);
	*file = ctr_bytes(file->data + size, file->size - (size_t)size);
	return CENTRO_OK;
}

static int check_changes(const struct ctr_zone_time *zone, struct centro_error_text *text)
{
	for (uint32_t i = 0; i < zone->change_count; i++) {
		int64_t time = change_time(zone, i);
		if (time < -TIME_MAX || time > TIME_MAX)
			return corrupt(text, "a change is before the Big Bang, or as far ahead");
		if (i > 0 && time <= change_time(zone, i - 1))
			return corrupt(text, "its changes do not ascend");
		if (zone->indexes[i] >= zone->type_count)
			return corrupt(text, "a change is to a type that there is not");
	}
	return CENTRO_OK;
}

static int check_types(const struct ctr_zone_time *zone, struct centro_error_text *text)
{
	for (uint32_t i = 0; i < zone->type_count; i++) {
		int32_t offset = type_offset(zone, i);
		if (offset < CTR_ZONE_OFFSET_MIN || offset > CTR_ZONE_OFFSET_MAX)
			return corrupt(text, "local time is more than a day off");
	}
	return CENTRO_OK;
}

/* What is read of a block; the names and the flags behind the types concern nobody. */
static int read_block(struct centro_bytes block, const struct header *header, uint8_t time_size,
		      struct ctr_zone_time *zone, struct centro_error_text *text)
{
	if (header->leaps > 0)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "the zone file counts leap seconds; take the one that does not");
	if (header->types == 0)
		return corrupt(text, "it has no local time");
	if (header->changes > CTR_ZONE_CHANGES_MAX)
		return ctr_error(text, CENTRO_ERR_LIMIT,
				 "the zone file has %lu changes; at most %d are read",
				 (unsigned long)header->changes, CTR_ZONE_CHANGES_MAX);
	*zone = (struct ctr_zone_time){
		.times = block.data,
		.indexes = block.data + (size_t)header->changes * time_size,
		.types = block.data + (size_t)header->changes * (time_size + 1U),
		.change_count = header->changes,
		.type_count = header->types,
		.time_size = time_size,
	};
	int error = check_types(zone, text);
	return error == CENTRO_OK ? check_changes(zone, text) : error;
}

/* The last line: the rule, which may be empty. */
static int read_footer(struct centro_bytes file, struct ctr_zone_time *zone,
		       struct centro_error_text *text)
{
	if (file.size < 2 || file.data[0] != '\n' || file.data[file.size - 1] != '\n')
		return corrupt(text, "its last line is missing");
	struct centro_bytes tz = ctr_bytes(file.data + 1, file.size - 2);
	zone->has_rule = tz.size > 0;
	return tz.size == 0 ? CENTRO_OK : ctr_zone_rule_parse(tz, &zone->rule, text);
}

static int read_first(struct centro_bytes file, struct ctr_zone_time *zone,
		      struct centro_error_text *text)
{
	struct header header;
	struct centro_bytes block = {0};
	int error = read_header(&file, &header, text);
	if (error == CENTRO_OK)
		error = take_block(&file, &header, 4, &block, text);
	if (error != CENTRO_OK)
		return error;
	if (header.version == 1)
		return read_block(block, &header, 4, zone, text);

	error = read_header(&file, &header, text);
	if (error == CENTRO_OK)
		error = take_block(&file, &header, 8, &block, text);
	if (error == CENTRO_OK)
		error = read_block(block, &header, 8, zone, text);
	return error == CENTRO_OK ? read_footer(file, zone, text) : error;
}

int ctr_zone_time_parse(struct centro_bytes tzif, struct ctr_zone_time *ret_zone,
			struct centro_error_text *text)
{
	struct ctr_zone_time zone = {0};
	int error = read_first(tzif, &zone, text);
	if (error == CENTRO_OK)
		*ret_zone = zone;
	return error;
}

/* ---- looking up ---- */

/* How many changes are not after `utc`. */
static uint32_t count_changes(const struct ctr_zone_time *zone, int64_t utc)
{
	uint32_t low = 0, high = zone->change_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (change_time(zone, middle) <= utc)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct ctr_zone_span ctr_zone_time_at(const struct ctr_zone_time *zone, int64_t utc)
{
	struct ctr_zone_span span = {INT64_MIN, INT64_MAX, 0};
	uint32_t passed = count_changes(zone, utc);

	if (passed == zone->change_count && zone->has_rule)
		span = ctr_zone_rule_at(&zone->rule, utc);
	else if (zone->type_count > 0)
		span.offset = type_offset(zone, passed > 0 ? zone->indexes[passed - 1] : 0);
	if (passed < zone->change_count)
		span.until = change_time(zone, passed);
	if (passed > 0 && span.from < change_time(zone, passed - 1))
		span.from = change_time(zone, passed - 1);
	CTR_ASSERT(span.from <= utc && utc < span.until);
	return span;
}

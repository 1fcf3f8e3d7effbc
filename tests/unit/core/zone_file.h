/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CORE_ZONE_FILE_H
#define CTR_TESTS_CORE_ZONE_FILE_H

/* Time zones for tests: those of the system (Debian's tzdata), and any that are made up. */

#include "base/buf.h"
#include "core/zone_time.h"

#define ZONE_FILES "/usr/share/zoneinfo/"

/* The bytes of /usr/share/zoneinfo/NAME, to be freed by ctr_buf_fini(). */
struct ctr_buf zone_file_read(const char *name);
/* The same, parsed: a view of `ret_file`. */
struct ctr_zone_time zone_file_parse(const char *name, struct ctr_buf *ret_file);

struct zone_file_change {
	int64_t at;
	uint8_t type;
};

/* What a zone file is made of. */
struct zone_file {
	uint8_t version; /* 1 to 4 */
	const struct zone_file_change *changes;
	uint32_t change_count;
	const int32_t *offsets; /* of the types */
	uint32_t type_count;
	const char *tz; /* from version 2 on */
	uint32_t leaps; /* of no sense */
};

/* To be freed by ctr_buf_fini(). */
struct ctr_buf zone_file_write(const struct zone_file *file);

#endif

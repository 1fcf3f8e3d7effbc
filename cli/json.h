/* SPDX-License-Identifier: MIT */
#ifndef CLI_JSON_H
#define CLI_JSON_H

/*
 * Reading the server's answers and building requests, in the schema's JSON:
 * 64-bit numbers are strings, what has its default is missing. Building ends the
 * program when there is no memory.
 */

#include <stdint.h>

#include <centro/types.h>
#include <cjson/cJSON.h>

#include "cli.h"

/* Borrowed; NULL or "" or 0 when it is missing or of another type. */
const cJSON *json_get(const cJSON *object, const char *name);
const char *json_text(const cJSON *object, const char *name);
/* "" replaced by `missing`. */
const char *json_text_or(const cJSON *object, const char *name, const char *missing);
uint64_t json_u64(const cJSON *object, const char *name);
int64_t json_int(const cJSON *object, const char *name);
/* Nanoseconds since 1970. */
uint64_t json_time_ns(const cJSON *object, const char *name);

/* NULL: not JSON. The caller's. */
cJSON *json_parse(struct centro_bytes bytes);

cJSON *json_object(void);
cJSON *json_array(void);
/* A new member, borrowed. */
cJSON *json_add_object(cJSON *object, const char *name);
cJSON *json_add_array(cJSON *object, const char *name);
/* The member of that name, made if it is missing. */
cJSON *json_member_object(cJSON *object, const char *name);
cJSON *json_member_array(cJSON *object, const char *name);
/* These replace a member of that name. */
void json_set_text(cJSON *object, const char *name, const char *value);
void json_set_u64(cJSON *object, const char *name, uint64_t value);
void json_set_int(cJSON *object, const char *name, int64_t value);
void json_set_bool(cJSON *object, const char *name, bool value);
/* Takes `item` over. */
void json_set(cJSON *object, const char *name, cJSON *item);
void json_append(cJSON *array, cJSON *item);
void json_append_text(cJSON *array, const char *value);

/* Without spaces and without an end of line. */
void json_write(FILE *file, const cJSON *value);
/* Indented, for people; ends its last line. */
void json_write_pretty(FILE *file, const cJSON *value);
/* Block style; ends its last line. */
void json_write_yaml(FILE *file, const cJSON *value);

#endif

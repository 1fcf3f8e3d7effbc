/* SPDX-License-Identifier: MIT */
/* json.c - cJSON with the schema's conventions. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

const cJSON *json_get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *json_text(const cJSON *object, const char *name)
{
	const cJSON *member = json_get(object, name);
	return cJSON_IsString(member) ? member->valuestring : "";
}

const char *json_text_or(const cJSON *object, const char *name, const char *missing)
{
	const char *text = json_text(object, name);
	return text[0] ? text : missing;
}

uint64_t json_u64(const cJSON *object, const char *name)
{
	const cJSON *member = json_get(object, name);
	if (cJSON_IsString(member))
		return strtoull(member->valuestring, NULL, 10);
	return cJSON_IsNumber(member) && member->valuedouble > 0 ? (uint64_t)member->valuedouble
								 : 0;
}

int64_t json_int(const cJSON *object, const char *name)
{
	const cJSON *member = json_get(object, name);
	return cJSON_IsNumber(member) ? (int64_t)member->valuedouble : 0;
}

uint64_t json_time_ns(const cJSON *object, const char *name)
{
	return text_parse_time(json_text(object, name));
}

cJSON *json_parse(struct centro_bytes bytes)
{
	return cJSON_ParseWithLength((const char *)bytes.data, bytes.size);
}

cJSON *json_object(void)
{
	return need(cJSON_CreateObject());
}

cJSON *json_array(void)
{
	return need(cJSON_CreateArray());
}

cJSON *json_add_object(cJSON *object, const char *name)
{
	return need(cJSON_AddObjectToObject(object, name));
}

cJSON *json_add_array(cJSON *object, const char *name)
{
	return need(cJSON_AddArrayToObject(object, name));
}

cJSON *json_member_object(cJSON *object, const char *name)
{
	cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	return member ? member : json_add_object(object, name);
}

cJSON *json_member_array(cJSON *object, const char *name)
{
	cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
	return member ? member : json_add_array(object, name);
}

void json_set(cJSON *object, const char *name, cJSON *item)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	if (!cJSON_AddItemToObject(object, name, need(item)))
		need(NULL);
}

void json_set_text(cJSON *object, const char *name, const char *value)
{
	json_set(object, name, cJSON_CreateString(value));
}

void json_set_u64(cJSON *object, const char *name, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	json_set_text(object, name, text);
}

void json_set_int(cJSON *object, const char *name, int64_t value)
{
	json_set(object, name, cJSON_CreateNumber((double)value));
}

void json_set_bool(cJSON *object, const char *name, bool value)
{
	json_set(object, name, cJSON_CreateBool(value));
}

void json_append(cJSON *array, cJSON *item)
{
	if (!cJSON_AddItemToArray(array, need(item)))
		need(NULL);
}

void json_append_text(cJSON *array, const char *value)
{
	json_append(array, cJSON_CreateString(value));
}

/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_KEYSPACE_H
#define CTR_CODEC_KEYSPACE_H

/* The names under which records stand in a store. See proto/centro/v1/record.proto. */

#include "base/bytes.h"

#define CTR_KEY_SIZE_MAX 96

/* A key, terminated for people; `size` is without the terminator. */
struct ctr_key {
	char text[CTR_KEY_SIZE_MAX];
	size_t size;
};

static inline struct centro_bytes ctr_key_bytes(const struct ctr_key *key)
{
	return ctr_bytes(key->text, key->size);
}

struct ctr_key ctr_key_event(uint64_t number);
struct ctr_key ctr_key_gone(uint64_t job);
struct ctr_key ctr_key_history(uint64_t job);
struct ctr_key ctr_key_job_spec(uint64_t job);
struct ctr_key ctr_key_job_state(uint64_t job);
struct ctr_key ctr_key_node(uint64_t node);
struct ctr_key ctr_key_queue(struct centro_bytes name); /* a checked name, ≤ 63 bytes */
struct ctr_key ctr_key_ids(void);
struct ctr_key ctr_key_format(void);

/* Where ranges begin and end. */
#define CTR_KEY_EVENT_FIRST   "event/"
#define CTR_KEY_EVENT_END     "event0"
#define CTR_KEY_GONE_FIRST    "gone/"
#define CTR_KEY_GONE_END      "gone0"
#define CTR_KEY_HISTORY_FIRST "history/"
#define CTR_KEY_HISTORY_END   "history0"
#define CTR_KEY_LIVE_FIRST    "job/"

enum ctr_key_type {
	CTR_KEY_UNKNOWN,
	CTR_KEY_EVENT,
	CTR_KEY_HISTORY,
	CTR_KEY_JOB_SPEC,
	CTR_KEY_JOB_STATE,
	CTR_KEY_NODE,
	CTR_KEY_QUEUE,
	CTR_KEY_IDS,
	CTR_KEY_FORMAT,
	CTR_KEY_GONE,
};
/* What a key names; the number in it, or its name. Strict: a key that is not made by the above is
 * UNKNOWN. */
enum ctr_key_type ctr_key_parse(struct centro_bytes key, uint64_t *ret_number,
				struct centro_bytes *ret_name);

#endif

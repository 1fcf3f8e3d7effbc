/* SPDX-License-Identifier: MIT */
/*
 * row_loader.c - rows of a store into a core, one after another.
 *
 * A job stands in two rows, of which the first is kept until the second comes. What
 * does not make sense is refused with the row's key.
 *
 * Layer: engine.
 */
#include "engine/row_loader.h"

#include <centro/store.h>

#include "base/assert.h"
#include "base/str.h"
#include "codec/codec.h"

/* Of a key in an error text. */
#define KEY_SHOWN_MAX 128

void ctr_row_loader_init(struct ctr_row_loader *loader, const struct centro_allocator *allocator,
			 struct ctr_core *core)
{
	*loader = (struct ctr_row_loader){.core = core};
	ctr_arena_init(&loader->arena, allocator, 0);
	ctr_buf_init(&loader->spec, allocator, 2 * CENTRO_STORE_VALUE_SIZE_MAX);
}

void ctr_row_loader_fini(struct ctr_row_loader *loader)
{
	ctr_arena_fini(&loader->arena);
	ctr_buf_fini(&loader->spec);
}

/* ---- errors ---- */

int ctr_row_error(struct ctr_row_loader *loader, struct centro_bytes key, int status,
		  const char *what)
{
	struct ctr_buf shown;
	ctr_buf_init(&shown, loader->arena.allocator, 0);
	ctr_escape(&shown, key, KEY_SHOWN_MAX);
	ctr_error(&loader->text, status, "store row \"%.*s\": %s", (int)shown.size,
		  shown.data ? (const char *)shown.data : "", what);
	ctr_buf_fini(&shown);
	return status;
}

int ctr_row_status(struct ctr_row_loader *loader, struct centro_bytes key, int status,
		   const struct centro_error_text *why)
{
	if (status == CENTRO_OK)
		return CENTRO_OK;
	return ctr_row_error(loader, key, status,
			     why->text[0] ? why->text : centro_error_help(status));
}

/* ---- rows ---- */

void ctr_row_reset_arena(struct ctr_row_loader *loader, size_t wire_bytes)
{
	ctr_arena_reset(&loader->arena, ctr_message_arena_bytes(wire_bytes));
}

/* The first half is kept until the second one comes, which is the next row. */
static int load_job_spec(struct ctr_row_loader *loader, centro_job_id id, struct centro_bytes key,
			 struct centro_bytes value)
{
	ctr_buf_clear(&loader->spec);
	loader->spec_job = id;
	int status = ctr_buf_append_bytes(&loader->spec, value);
	return status == CENTRO_OK ? CENTRO_OK
				   : ctr_row_error(loader, key, status, centro_error_help(status));
}

static int load_job_state(struct ctr_row_loader *loader, centro_job_id id, struct centro_bytes key,
			  struct centro_bytes value)
{
	if (loader->spec_job != id)
		return ctr_row_error(loader, key, CENTRO_ERR_CORRUPT,
				     "the job has no row .../spec before it");
	loader->spec_job = 0;
	ctr_row_reset_arena(loader, loader->spec.size + value.size);

	struct centro_error_text why = {0};
	struct ctr_job_load job;
	int status = ctr_codec_decode_job(ctr_buf_bytes(&loader->spec), value, &loader->arena, &job,
					  &why);
	if (status == CENTRO_OK && job.id != id)
		return ctr_row_error(loader, key, CENTRO_ERR_CORRUPT,
				     "the record is that of another job");
	if (status == CENTRO_OK)
		status = ctr_core_load_job(loader->core, &job, &why);
	return ctr_row_status(loader, key, status, &why);
}

static int load_node(struct ctr_row_loader *loader, centro_node_id id, struct centro_bytes key,
		     struct centro_bytes value)
{
	struct centro_error_text why = {0};
	struct ctr_node_load node;
	ctr_row_reset_arena(loader, value.size);
	int status = ctr_codec_decode_node(value, &loader->arena, &node, &why);
	if (status == CENTRO_OK && node.id != id)
		return ctr_row_error(loader, key, CENTRO_ERR_CORRUPT,
				     "the record is that of another node");
	if (status == CENTRO_OK)
		status = ctr_core_load_node(loader->core, &node, &why);
	return ctr_row_status(loader, key, status, &why);
}

static int load_queue(struct ctr_row_loader *loader, struct centro_bytes name,
		      struct centro_bytes key, struct centro_bytes value)
{
	struct centro_error_text why = {0};
	struct ctr_set_queue queue;
	uint64_t revision;
	ctr_row_reset_arena(loader, value.size);
	int status = ctr_codec_decode_queue(value, &loader->arena, &queue, &revision, &why);
	if (status == CENTRO_OK && !ctr_bytes_equal(queue.name, name))
		return ctr_row_error(loader, key, CENTRO_ERR_CORRUPT,
				     "the record is that of another queue");
	if (status == CENTRO_OK)
		status = ctr_core_load_queue(loader->core, &queue, revision, &why);
	return ctr_row_status(loader, key, status, &why);
}

static int load_ids(struct ctr_row_loader *loader, struct centro_bytes key,
		    struct centro_bytes value)
{
	struct centro_error_text why = {0};
	centro_job_id job;
	centro_node_id node;
	int status = ctr_codec_decode_ids(value, &job, &node, &why);
	if (status == CENTRO_OK)
		status = ctr_core_load_ids(loader->core, job, node);
	if (status != CENTRO_OK)
		return ctr_row_status(loader, key, status, &why);
	loader->job_ids = job;
	loader->node_ids = node;
	return CENTRO_OK;
}

/* A newer version may keep more kinds of rows; but those in our folders must be ours. */
static int unknown_row(struct ctr_row_loader *loader, struct centro_bytes key)
{
	static const char *const folders[] = {"job/", "node/", "queue/"};
	for (size_t i = 0; i < CTR_ARRAY_SIZE(folders); i++)
		if (ctr_bytes_starts_with(key, ctr_bytes_str(folders[i])))
			return ctr_row_error(loader, key, CENTRO_ERR_CORRUPT,
					     "no record has such a key");
	return CENTRO_OK;
}

int ctr_row_load(struct ctr_row_loader *loader, struct centro_bytes key, struct centro_bytes value,
		 enum ctr_key_type *ret_type)
{
	uint64_t number = 0;
	struct centro_bytes name = {0};

	*ret_type = ctr_key_parse(key, &number, &name);
	if (loader->spec_job != 0 && *ret_type != CTR_KEY_JOB_STATE)
		return ctr_row_error(loader, key, CENTRO_ERR_CORRUPT,
				     "the job before it has no row .../state");
	switch (*ret_type) {
	case CTR_KEY_JOB_SPEC:
		return load_job_spec(loader, number, key, value);
	case CTR_KEY_JOB_STATE:
		return load_job_state(loader, number, key, value);
	case CTR_KEY_NODE:
		return load_node(loader, number, key, value);
	case CTR_KEY_QUEUE:
		return load_queue(loader, name, key, value);
	case CTR_KEY_IDS:
		return load_ids(loader, key, value);
	case CTR_KEY_UNKNOWN:
		return unknown_row(loader, key);
	case CTR_KEY_FORMAT:
	case CTR_KEY_EVENT:
	case CTR_KEY_HISTORY:
	case CTR_KEY_GONE:
		return CENTRO_OK;
	}
	CTR_UNREACHABLE();
}

int ctr_row_load_end(struct ctr_row_loader *loader)
{
	if (loader->spec_job == 0)
		return CENTRO_OK;
	struct ctr_key key = ctr_key_job_spec(loader->spec_job);
	return ctr_row_error(loader, ctr_key_bytes(&key), CENTRO_ERR_CORRUPT,
			     "the job has no row .../state");
}

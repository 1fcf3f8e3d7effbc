/* SPDX-License-Identifier: MIT */
#ifndef CTR_ENGINE_ROW_LOADER_H
#define CTR_ENGINE_ROW_LOADER_H

/* The rows of what lives, out of a store and into a core. */

#include "base/arena.h"
#include "base/buf.h"
#include "codec/keyspace.h"
#include "core/core.h"

struct ctr_row_loader {
	struct ctr_core *core;  /* borrowed */
	struct ctr_arena arena; /* of one row */
	struct ctr_buf spec;    /* of the job whose other half comes next */
	centro_job_id spec_job; /* 0: none */
	/* What the row of ids says; 0: there was none. */
	centro_job_id job_ids;
	centro_node_id node_ids;
	struct centro_error_text text; /* of an error */
};

void ctr_row_loader_init(struct ctr_row_loader *loader, const struct centro_allocator *allocator,
			 struct ctr_core *core);
void ctr_row_loader_fini(struct ctr_row_loader *loader);

/*
 * Load one row, in the order of their keys; *ret_type is what its key names, also on
 * an error. A row of another kind than what lives changes nothing.
 *
 * @retval CENTRO_ERR_CORRUPT  loader->text says which row, and what is wrong with it
 * @retval CENTRO_ERR_LIMIT, _NOMEM
 */
int ctr_row_load(struct ctr_row_loader *loader, struct centro_bytes key, struct centro_bytes value,
		 enum ctr_key_type *ret_type);
/* There are no more rows: CORRUPT if half a job is left. */
int ctr_row_load_end(struct ctr_row_loader *loader);

/* "store row "job/…/spec": what is wrong with it" into loader->text. Returns `status`. */
int ctr_row_error(struct ctr_row_loader *loader, struct centro_bytes key, int status,
		  const char *what);
/* The same with what the codec or the core has said in `why`; OK if `status` is. */
int ctr_row_status(struct ctr_row_loader *loader, struct centro_bytes key, int status,
		   const struct centro_error_text *why);
/* Empty the arena, with room for what decoding so many bytes takes. */
void ctr_row_reset_arena(struct ctr_row_loader *loader, size_t wire_bytes);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_LEASE_FILE_H
#define CTR_IO_LEASE_FILE_H

/*
 * The slots through which an agent tells its shims how long they may run, in a
 * file that both map: see io/shim_abi.h. It is of one boot; in another it starts
 * empty. Slot 0 says which.
 */

#include "base/alloc.h"
#include "io/shim_abi.h"
#include "io/state_dir.h"

struct ctr_lease_file {
	const struct centro_allocator *allocator;
	int fd; /* not below CTR_SHIM_FD_END */
	struct ctr_shim_slot *slots;
	uint32_t count;    /* in the file, slot 0 included */
	uint32_t last;     /* the highest that is given out; those above can be adopted */
	uint32_t given;    /* the last one that was */
	uint8_t *is_taken; /* 0 or 1 */
};

/* With `slot_count` slots to give out. @retval CENTRO_ERR_IO, _NOMEM; `text` says what. */
int ctr_lease_file_open(struct ctr_lease_file *file, const struct centro_allocator *allocator,
			const struct ctr_state_dir *dir, uint32_t slot_count,
			struct centro_error_text *text);
void ctr_lease_file_close(struct ctr_lease_file *file);

/* A slot of zeros, which no shim may start on before it has a lease. 0: none is free. */
uint32_t ctr_lease_file_take(struct ctr_lease_file *file);
/* Take this one, as it is. False: there is none of that number, or it is taken. */
bool ctr_lease_file_adopt(struct ctr_lease_file *file, uint32_t slot);
/* No shim uses it any more. */
void ctr_lease_file_release(struct ctr_lease_file *file, uint32_t slot);

void ctr_lease_file_set_end(struct ctr_lease_file *file, uint32_t slot, struct centro_instant end);
void ctr_lease_file_set_order(struct ctr_lease_file *file, uint32_t slot, uint64_t order);
/* When the command started, wall clock; 0: it has not. */
struct centro_instant ctr_lease_file_started(const struct ctr_lease_file *file, uint32_t slot);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_ATTEMPT_DIR_H
#define CTR_IO_ATTEMPT_DIR_H

/*
 * The directory of one attempt, attempts/<job>.<task>.<index>.<attempt>:
 *
 *	claimed | running | ended   the record: io/shim_abi.h. None: its end has been
 *	                            acknowledged, and only its output is kept
 *	out, err                    its output
 *	work/                       where it runs, unless it says where
 */

#include "agent/host.h"
#include "base/buf.h"
#include "base/str.h"
#include "io/shim_abi.h"
#include "io/state_dir.h"

#define CTR_ATTEMPT_NAME_SIZE 64

/* Returns `name`, of CTR_ATTEMPT_NAME_SIZE. */
const char *ctr_attempt_name(const struct centro_attempt_ref *ref, char *name);
bool ctr_attempt_name_parse(const char *name, struct centro_attempt_ref *ret_ref);

enum ctr_attempt_stage {
	CTR_ATTEMPT_KEPT, /* no record */
	CTR_ATTEMPT_CLAIMED,
	CTR_ATTEMPT_RUNNING,
	CTR_ATTEMPT_ENDED,
};

/*
 * Make it, with a record "claimed". `scratch` is used.
 *
 * @retval CENTRO_ERR_EXISTS         it was here before
 * @retval CENTRO_ERR_INVALID        too many strings, or too long
 * @retval CENTRO_ERR_IO, _NOMEM     `text` says what
 */
struct ctr_spare_dirs;
int ctr_attempt_dir_make(const struct ctr_state_dir *state, struct ctr_spare_dirs *spares,
			 const struct ctr_attempt_spec *spec, uint32_t slot,
			 struct ctr_buf *scratch, struct centro_error_text *text);
/* -1 and errno. */
int ctr_attempt_dir_open(const struct ctr_state_dir *state, const struct centro_attempt_ref *ref);
/*
 * How far it is, and the head of its record unless that is KEPT.
 *
 * @retval CENTRO_ERR_CORRUPT  the record does not make sense
 * @retval CENTRO_ERR_IO
 */
int ctr_attempt_dir_read(int dir_fd, enum ctr_attempt_stage *ret_stage,
			 struct ctr_shim_record *ret_record);
/* From "claimed" to "ended", so that no shim can start it. False: it is not claimed any more. */
bool ctr_attempt_dir_void(int dir_fd);
/* How it ended, of a record whose end is whole; why it could not start in words. */
void ctr_attempt_dir_describe(int dir_fd, const struct ctr_shim_record *record,
			      struct ctr_buf *scratch, struct ctr_attempt_end *ret_end);
/*
 * Remove what belongs to the attempt alone: the record, and all if there is no
 * output. What is left empty may serve the next one.
 */
enum ctr_attempt_rest {
	CTR_ATTEMPT_REST_NONE,
	CTR_ATTEMPT_REST_OUTPUT, /* out or err hold something */
	CTR_ATTEMPT_REST_FILES,  /* no output, but it is not empty: move it into the trash */
};
struct ctr_trash;
enum ctr_attempt_rest ctr_attempt_dir_forget(const struct ctr_state_dir *state,
					     const struct centro_attempt_ref *ref,
					     struct ctr_trash *trash,
					     struct ctr_spare_dirs *spares);

const char *ctr_attempt_stream_name(enum ctr_log_stream stream);
/* Bytes in a stream; 0: none, or there is no such file. */
uint64_t ctr_attempt_stream_bytes(const struct ctr_state_dir *state,
				  const struct centro_attempt_ref *ref, enum ctr_log_stream stream);

#endif

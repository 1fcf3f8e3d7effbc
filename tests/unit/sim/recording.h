/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_UNIT_SIM_RECORDING_H
#define CTR_TESTS_UNIT_SIM_RECORDING_H

/*
 * What a real engine records of a history that follows from a seed, and ways to
 * change such a file so that its checks are right again.
 */

#include "base/buf.h"
#include "base/prng.h"
#include "codec/journal_codec.h"
#include "codec/journal_frame.h"
#include "engine/journal.h"
#include "fixture.h"

struct recording {
	struct ctr_journal_sink sink;
	struct ctr_buf file; /* of the engine that is open, or was last */
	struct fixture fixture;
	struct ctr_prng prng;
	struct centro_attempt_ref refs[8]; /* granted lately */
	centro_node_id ref_nodes[8];
	size_t ref_count;
	struct ctr_subscriber subscriber;
};

void recording_init(struct recording *recording, uint64_t seed);
void recording_fini(struct recording *recording);
/* Each starts a file of its own. */
void recording_open(struct recording *recording);
void recording_close(struct recording *recording);
/* So many things happen: commands right and wrong, time, refused commits. */
void recording_live(struct recording *recording, size_t steps);

/* ---- a file, record by record ---- */

#define RECORDS_MAX 100000

struct records {
	struct ctr_buf file; /* a copy; `record` points into it */
	struct centro_bytes *record;
	uint64_t *place; /* of its frame */
	size_t count;
};
void records_init(struct records *records, struct centro_bytes file);
void records_fini(struct records *records);
/* Another file, with these records. */
void records_write(const struct records *records, struct ctr_buf *file);
/* The first whose name is that, from `from` on; it must be there. */
size_t records_find(const struct records *records, const char *name, size_t from);
const char *records_name(const struct records *records, size_t index);

#endif

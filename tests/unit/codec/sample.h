/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CODEC_SAMPLE_H
#define CTR_TESTS_CODEC_SAMPLE_H

/* A job and a node as the core has them, filled in as after some life. */

#include "codec/codec.h"

#define SAMPLE_INSTANCES_MAX 8

/* Points into itself: stays where it is. */
struct sample {
	struct ctr_node node;
	struct ctr_job job;
	struct ctr_task tasks[2];
	struct ctr_instance instances[SAMPLE_INSTANCES_MAX];
	struct ctr_arena arena; /* of the job's text */
};

/* A running job of one instance with a specification of about 300 bytes. */
void sample_init(struct sample *sample);
/* Another task of `count` instances, pending ones. */
void sample_add_task(struct sample *sample, uint32_t count);
void sample_fini(struct sample *sample);

/* A JobSubmitRequest of about 300 bytes, encoded in the arena. */
struct centro_bytes sample_submit(struct ctr_arena *arena);
/* Its JobSpec. */
struct centro_bytes sample_spec(struct ctr_arena *arena);

#endif

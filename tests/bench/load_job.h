/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_LOAD_JOB_H
#define CTR_TESTS_LOAD_JOB_H

#include "load_net.h"

/* A Submit request for a job of one task with this argument vector; `buf` is not initialised. */
void load_encode_submit(struct ctr_buf *buf, const char *const *argv, size_t argc);
/* Submit, and wait for the answer: the job's id. */
uint64_t load_submit(struct load_net *net, struct load_conn *conn, struct centro_bytes request);
/* Whether it has ended. Any end but success ends the program. */
bool load_has_ended(struct load_net *net, struct load_conn *conn, uint64_t job);
/* Whether any job has not ended. */
bool load_is_any_live(struct load_net *net, struct load_conn *conn);

#endif

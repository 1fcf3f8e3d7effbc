/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_LOAD_JOB_H
#define CTR_TESTS_LOAD_JOB_H

#include "base/buf.h"

/* A Submit request for a job of one task with this argument vector; `buf` is not initialised. */
void load_encode_submit(struct ctr_buf *buf, const char *const *argv, size_t argc);

#endif

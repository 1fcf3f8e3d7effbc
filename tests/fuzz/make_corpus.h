/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_FUZZ_MAKE_CORPUS_H
#define CTR_TESTS_FUZZ_MAKE_CORPUS_H

/*
 * What the seeds of the corpora are made of: real traffic, real records, real files, in the
 * form that each target reads its input in.
 */

#include <check.h>

#include "base/buf.h"
#include "base/bytes.h"

/* corpus/TARGET/NAME below the directory that was asked for. */
void corpus_save(const char *target, const char *name, struct centro_bytes input);
void corpus_saved(const char *target, const char *name, struct ctr_buf *input); /* and empties it */

/* As fuzz_uint() reads it. */
void corpus_put_uint(struct ctr_buf *input, uint64_t value, size_t bytes);
/* A size of `size_bytes` bytes, then the bytes. */
void corpus_put_sized(struct ctr_buf *input, struct centro_bytes bytes, size_t size_bytes);

/* make_corpus_wire.c, make_corpus_frames.c: http2_server, http2_client */
void corpus_make_wire(void);
void corpus_make_frames(void);
/* make_corpus_store.c: store_rows, record */
void corpus_make_store(void);
/* make_corpus_text.c: message, json, job_file, text, grpc_service */
void corpus_make_text(void);

#endif

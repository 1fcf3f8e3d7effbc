/* SPDX-License-Identifier: MIT */
/*
 * bench_codec.c - what the codec costs, a JSON line a figure, beside protobuf-c's
 * own unpacking of the same bytes in the same run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "sample.h"

#define ROUNDS 5

struct bench {
	struct sample sample;
	struct centro_bytes submit;
	struct ctr_arena arena;
	struct ctr_buf buf, spec, state;
	ProtobufCMessage *job;
};

typedef void bench_fn(struct bench *bench);

static uint64_t now_ns(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void measure(const char *name, struct bench *bench, bench_fn *fn, unsigned count)
{
	uint64_t best = UINT64_MAX;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t start = now_ns();
		for (unsigned i = 0; i < count; i++)
			fn(bench);
		uint64_t took = now_ns() - start;
		best = took < best ? took : best;
	}
	printf("{\"bench\":\"codec\",\"figure\":\"%s\",\"ns\":%.0f}\n", name, (double)best / count);
}

static void run_decode_submit(struct bench *bench)
{
	ProtobufCMessage *message;
	ctr_arena_reset(&bench->arena, ctr_message_arena_bytes(bench->submit.size));
	int status = ctr_message_decode(&centro__v1__job_submit_request__descriptor, bench->submit,
					&bench->arena, &message, NULL);
	CTR_ASSERT(status == CENTRO_OK);
}

static void run_decode_submit_to_core(struct bench *bench)
{
	ProtobufCMessage *message;
	struct ctr_job_spec spec;
	ctr_arena_reset(&bench->arena, ctr_message_arena_bytes(bench->submit.size));
	int status = ctr_message_decode(&centro__v1__job_submit_request__descriptor, bench->submit,
					&bench->arena, &message, NULL);
	CTR_ASSERT(status == CENTRO_OK);
	status = ctr_codec_job_spec(((Centro__V1__JobSubmitRequest *)message)->job, &bench->arena,
				    &spec, NULL);
	CTR_ASSERT(status == CENTRO_OK);
}

static void *arena_alloc(void *arena, size_t size)
{
	return ctr_arena_alloc(arena, size);
}

static void arena_free(void *arena, void *pointer)
{
	(void)arena;
	(void)pointer;
}

static void run_unpack_submit(struct bench *bench)
{
	ProtobufCAllocator allocator = {arena_alloc, arena_free, &bench->arena};
	ctr_arena_reset(&bench->arena, SIZE_MAX);
	CTR_ASSERT(protobuf_c_message_unpack(&centro__v1__job_submit_request__descriptor,
					     &allocator, bench->submit.size, bench->submit.data));
}

static void run_encode_state(struct bench *bench)
{
	ctr_buf_clear(&bench->buf);
	CTR_ASSERT(ctr_codec_encode_job_state(&bench->sample.job, &bench->buf) == CENTRO_OK);
}

static void run_encode_job(struct bench *bench)
{
	ctr_buf_clear(&bench->buf);
	CTR_ASSERT(ctr_codec_encode_job(&bench->sample.job, &bench->buf) == CENTRO_OK);
}

static void run_decode_record(struct bench *bench)
{
	struct ctr_job_load load;
	ctr_arena_reset(&bench->arena, SIZE_MAX);
	CTR_ASSERT(ctr_codec_decode_job(ctr_buf_bytes(&bench->spec), ctr_buf_bytes(&bench->state),
					&bench->arena, &load, NULL) == CENTRO_OK);
}

static void run_json_encode(struct bench *bench)
{
	ctr_buf_clear(&bench->buf);
	CTR_ASSERT(ctr_json_encode(bench->job, &bench->buf) == CENTRO_OK);
}

static void run_json_decode(struct bench *bench)
{
	ProtobufCMessage *message;
	ctr_arena_reset(&bench->arena, SIZE_MAX);
	CTR_ASSERT(ctr_json_decode(bench->job->descriptor, ctr_buf_bytes(&bench->buf),
				   &bench->arena, &message, NULL) == CENTRO_OK);
}

static void bench_init(struct bench *bench)
{
	sample_init(&bench->sample);
	bench->submit = sample_submit(&bench->sample.arena);
	ctr_arena_init(&bench->arena, NULL, SIZE_MAX);
	ctr_buf_init(&bench->buf, NULL, 0);
	ctr_buf_init(&bench->spec, NULL, 0);
	ctr_buf_init(&bench->state, NULL, 0);
	ctr_codec_encode_job_spec(&bench->sample.job, &bench->spec);
	ctr_codec_encode_job_state(&bench->sample.job, &bench->state);
	ctr_codec_encode_job(&bench->sample.job, &bench->buf);
	int status = ctr_message_decode(&centro__v1__job__descriptor, ctr_buf_bytes(&bench->buf),
					&bench->sample.arena, &bench->job, NULL);
	CTR_ASSERT(status == CENTRO_OK);
}

static void bench_fini(struct bench *bench)
{
	ctr_buf_fini(&bench->buf);
	ctr_buf_fini(&bench->spec);
	ctr_buf_fini(&bench->state);
	ctr_arena_fini(&bench->arena);
	sample_fini(&bench->sample);
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	struct bench bench;

	bench_init(&bench);
	printf("{\"bench\":\"codec\",\"submit_bytes\":%zu,\"spec_record_bytes\":%zu,"
	       "\"state_record_bytes\":%zu}\n",
	       bench.submit.size, bench.spec.size, bench.state.size);
	measure("submit: protobuf-c unpack into an arena, unchecked", &bench, run_unpack_submit,
		count);
	measure("submit: decode and check", &bench, run_decode_submit, count);
	measure("submit: decode, check, make the core's spec", &bench, run_decode_submit_to_core,
		count);
	measure("job: encode its state record", &bench, run_encode_state, count);
	measure("job: encode it whole", &bench, run_encode_job, count);
	measure("job: decode both records for the core", &bench, run_decode_record, count);
	measure("job: to JSON", &bench, run_json_encode, count);
	measure("job: from JSON", &bench, run_json_decode, count / 4);
	bench_fini(&bench);
	return EXIT_SUCCESS;
}

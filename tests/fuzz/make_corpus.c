/* SPDX-License-Identifier: MIT */
/*
 * make_corpus.c - the seeds of every corpus, anew: make_corpus DIRECTORY. What libFuzzer has
 * added to a corpus since stays; see README.md.
 */
#include "make_corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/prng.h"

static const char *root;

void corpus_save(const char *target, const char *name, struct centro_bytes input)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%s", root, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
	FILE *file = fopen(path, "wb");
	ck_assert_msg(file != NULL, "%s cannot be written", path);
	ck_assert_uint_eq(fwrite(input.data, 1, input.size, file), input.size);
	ck_assert_int_eq(fclose(file), 0);
}

void corpus_saved(const char *target, const char *name, struct ctr_buf *input)
{
	corpus_save(target, name, ctr_buf_bytes(input));
	ctr_buf_clear(input);
}

void corpus_put_uint(struct ctr_buf *input, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		ctr_buf_append_char(input, (char)(value >> (8 * i)));
}

void corpus_put_sized(struct ctr_buf *input, struct centro_bytes bytes, size_t size_bytes)
{
	ck_assert_uint_lt(bytes.size, UINT64_C(1) << (8 * size_bytes));
	corpus_put_uint(input, bytes.size, size_bytes);
	ctr_buf_append_bytes(input, bytes);
}

/* Any bytes are commands; that they mean something is for libFuzzer to find. */
static void make_commands(void)
{
	struct ctr_prng prng;
	struct ctr_buf input;
	ctr_prng_init(&prng, 1);
	ctr_buf_init(&input, NULL, 0);
	for (int i = 0; i < 10; i++) {
		char name[32];
		snprintf(name, sizeof(name), "seed-%d", i);
		for (int j = 0; j < 300; j++)
			corpus_put_uint(&input, ctr_prng_next(&prng), 1);
		corpus_saved("commands", name, &input);
	}
	ctr_buf_fini(&input);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	root = argv[1];
	mkdir(root, 0777);
	corpus_make_wire();
	corpus_make_frames();
	corpus_make_store();
	corpus_make_text();
	make_commands();
	return EXIT_SUCCESS;
}

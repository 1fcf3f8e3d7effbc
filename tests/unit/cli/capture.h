/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CLI_CAPTURE_H
#define CTR_TESTS_CLI_CAPTURE_H

/* What a call prints on stdout or stderr, as text. */

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct capture {
	FILE *stream;
	int saved, file;
	char text[16384];
};

static inline void capture_begin(struct capture *capture, FILE *stream)
{
	char path[] = "/tmp/centro-capture-XXXXXX";
	fflush(stream);
	capture->stream = stream;
	capture->file = mkstemp(path);
	ck_assert_int_ge(capture->file, 0);
	unlink(path);
	capture->saved = dup(fileno(stream));
	ck_assert_int_ge(dup2(capture->file, fileno(stream)), 0);
}

static inline const char *capture_end(struct capture *capture)
{
	fflush(capture->stream);
	dup2(capture->saved, fileno(capture->stream));
	close(capture->saved);
	ssize_t size = pread(capture->file, capture->text, sizeof(capture->text) - 1, 0);
	ck_assert_int_ge(size, 0);
	capture->text[size] = '\0';
	close(capture->file);
	return capture->text;
}

#endif

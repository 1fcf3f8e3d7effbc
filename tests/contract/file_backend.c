/* SPDX-License-Identifier: MIT */
/*
 * file_backend.c - the file store in a temporary directory.
 */
#include "file_backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Small, so that it can be mapped under every tool that watches memory. */
#define BYTES_MAX (64 << 20)

static int file_reopen(void *arg, struct centro_store **ret_store)
{
	struct file_backend *file = arg;
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_error_text text;
	options.bytes_max = BYTES_MAX;
	int status = centro_store_open(file->uri, &options, ret_store, &text);
	if (status != CENTRO_OK)
		printf("# %s\n", text.text);
	return status;
}

static int file_open(void *arg, struct centro_store **ret_store)
{
	struct file_backend *file = arg;
	const char *base = getenv("TMPDIR");
	snprintf(file->path, sizeof(file->path), "%s/centro-contract-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(file->path))
		return CENTRO_ERR_IO;
	snprintf(file->uri, sizeof(file->uri), "file:%s", file->path);
	return file_reopen(arg, ret_store);
}

static void file_close(void *arg)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "lock", "new.mdb"};
	struct file_backend *file = arg;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[300];
		snprintf(name, sizeof(name), "%s/%s", file->path, names[i]);
		unlink(name);
	}
	rmdir(file->path);
}

struct store_contract_backend file_backend(struct file_backend *file)
{
	return (struct store_contract_backend){
		.arg = file,
		.open = file_open,
		.reopen = file_reopen,
		.close = file_close,
	};
}

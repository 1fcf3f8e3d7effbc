/* SPDX-License-Identifier: MIT */
/*
 * contract_file.c - the contract suite on the file store.
 *
 * Started as "contract_file usurp URI PATH" it is the other process that takes
 * the store over, though the first still has it open: it removes the lock file
 * first, as somebody might who thinks that it is stale.
 */
#include "file_backend.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void usurped(void *arg, int status)
{
	*(int *)arg = status;
}

static int usurp_main(const char *uri, const char *path)
{
	char lock[300];
	snprintf(lock, sizeof(lock), "%s/lock", path);
	unlink(lock);
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	options.bytes_max = 64 << 20;
	struct centro_store *store;
	struct centro_error_text text;
	if (centro_store_open(uri, &options, &store, &text) != CENTRO_OK) {
		printf("# %s\n", text.text);
		return 1;
	}
	uint64_t term = 0;
	int status = 1;
	if (centro_store_campaign(store, "usurper", &term, usurped, NULL, &status) != CENTRO_OK)
		return 1;
	centro_store_free(store);
	return status == CENTRO_OK && term > 1 ? 0 : 1;
}

static bool file_usurp(void *arg, struct centro_store *store)
{
	struct file_backend *file = arg;
	pid_t child = fork();
	if (child == 0) {
		execl("/proc/self/exe", "contract_file", "usurp", file->uri, file->path, NULL);
		_exit(127);
	}
	int status;
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "usurp") == 0)
		return usurp_main(argv[2], argv[3]);
	struct file_backend file;
	struct store_contract_backend backend = file_backend(&file);
	backend.name = "file";
	backend.usurp = file_usurp;
	return store_contract_run(&backend) > 0;
}

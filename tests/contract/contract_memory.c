/* SPDX-License-Identifier: MIT */
/*
 * contract_memory.c - the contract suite on the memory store, which completes at
 * once or late.
 */
#include "store_contract.h"

#include "store/store_memory.h"

struct memory {
	struct ctr_memory_disk *disk;
	bool late;
};

static int memory_reopen(void *arg, struct centro_store **ret_store)
{
	struct memory *memory = arg;
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	options.complete_late = memory->late;
	return ctr_store_memory_open(memory->disk, &options, ret_store);
}

static int memory_open(void *arg, struct centro_store **ret_store)
{
	struct memory *memory = arg;
	memory->disk = ctr_memory_disk_new(/* allocator= */ NULL);
	return memory->disk ? memory_reopen(arg, ret_store) : CENTRO_ERR_NOMEM;
}

static void memory_close(void *arg)
{
	struct memory *memory = arg;
	ctr_memory_disk_free(memory->disk);
}

static bool memory_inject(void *arg, struct centro_store *store, int status)
{
	struct memory *memory = arg;
	ctr_memory_disk_set_fault(memory->disk, (struct ctr_memory_fault){.status = status});
	return true;
}

static bool memory_inject_written(void *arg, struct centro_store *store, int status)
{
	struct memory *memory = arg;
	if (status != CENTRO_ERR_IO)
		return false;
	ctr_memory_disk_set_fault(memory->disk,
				  (struct ctr_memory_fault){.status = status, .written = true});
	return true;
}

static void ignore(void *arg, int status)
{
}

static bool memory_usurp(void *arg, struct centro_store *store)
{
	struct memory *memory = arg;
	struct centro_store_options options = CENTRO_STORE_OPTIONS_INIT;
	struct centro_store *other;
	uint64_t term = 0;
	if (ctr_store_memory_open(memory->disk, &options, &other) != CENTRO_OK)
		return false;
	int status = centro_store_campaign(other, "usurper", &term, ignore, NULL, NULL);
	centro_store_free(other);
	return status == CENTRO_OK && term > 0;
}

static int run(const char *name, bool late, bool (*inject)(void *, struct centro_store *, int),
	       const char *only)
{
	struct memory memory = {.late = late};
	struct store_contract_backend backend = {
		.name = name,
		.arg = &memory,
		.open = memory_open,
		.reopen = memory_reopen,
		.close = memory_close,
		.inject = inject,
		.usurp = memory_usurp,
		.only = only,
	};
	return store_contract_run(&backend);
}

static int open_uri(void *arg, struct centro_store **ret_store)
{
	return centro_store_open("memory:", /* options= */ NULL, ret_store, /* text= */ NULL);
}

int main(void)
{
	struct store_contract_backend plain = {.name = "memory:", .open = open_uri};
	int failed = store_contract_run(&plain);
	failed += run("memory at once", false, memory_inject, NULL);
	failed += run("memory late", true, memory_inject, NULL);
	failed += run("memory at once, written", false, memory_inject_written, "fault");
	failed += run("memory late, written", true, memory_inject_written, "fault");
	return failed > 0;
}

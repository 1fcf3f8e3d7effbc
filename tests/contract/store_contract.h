/* SPDX-License-Identifier: MIT */
#ifndef STORE_CONTRACT_H
#define STORE_CONTRACT_H

/*
 * What centro/store.h promises, as a test for any backend. It needs the public
 * headers and the C library only: link it with your backend, describe that with
 * a struct store_contract_backend, and call store_contract_run().
 */

#include <centro/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct store_contract_backend {
	const char *name; /* for the report */
	void *arg;

	/* Required. Open a store that holds nothing. OK, or what went wrong. */
	int (*open)(void *arg, struct centro_store **ret_store);

	/*
	 * Optional. Open once more what the last store held, which has been freed.
	 * NULL: nothing outlives a store.
	 */
	int (*reopen)(void *arg, struct centro_store **ret_store);

	/* Optional. Remove what the last store held, which has been freed. */
	void (*close)(void *arg);

	/*
	 * Optional. The next commit ends with `status` (CENTRO_ERR_FULL or _IO), and
	 * the ones after it are not touched. False: not this status. NULL: none.
	 */
	bool (*inject)(void *arg, struct centro_store *store, int status);

	/* Optional. Another process becomes the leader. False: it could not. */
	bool (*usurp)(void *arg, struct centro_store *store);

	const char *only; /* run the cases whose names start so; NULL: all */
	uint64_t seed;    /* of the random cases; 0: a fixed one */
};

/* Print one line a case to stdout. Returns how many cases failed. */
int store_contract_run(const struct store_contract_backend *backend);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_WIRE_ADDRESS_H
#define CTR_WIRE_ADDRESS_H

/* Addresses as people write them: "HOST:PORT", "[IPV6]:PORT" or "unix:PATH". */

#include <centro/error.h>

#define CTR_ADDRESS_HOST_SIZE_MAX 253
/* What fits into a struct sockaddr_un. */
#define CTR_ADDRESS_PATH_SIZE_MAX 107

struct ctr_address {
	bool is_unix;
	uint16_t port; /* 0: any free one, for listening */
	/* The host without brackets, or the path. */
	char name[CTR_ADDRESS_HOST_SIZE_MAX + 1];
};

/*
 * Purely textual: no name is looked up. A port is required. OK, or INVALID:
 * `error_text`, which may be NULL, names the address and says what is wrong.
 */
int ctr_address_parse(const char *text, struct ctr_address *ret_address,
		      struct centro_error_text *error_text);

#endif

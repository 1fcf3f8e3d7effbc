/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_ADDRESS_H
#define CTR_IO_ADDRESS_H

/* Addresses (wire/address.h) as the system wants them. */

#include <sys/socket.h>

#include "wire/address.h"

/* False: the host is a name and must be looked up, or the address is a unix one. */
bool ctr_address_get_sockaddr(const struct ctr_address *address,
			      struct sockaddr_storage *ret_sockaddr);

#endif

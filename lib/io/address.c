/* SPDX-License-Identifier: MIT */
/*
 * address.c - from addresses as text to those of the socket calls.
 *
 * Layer: io.
 */
#include "io/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/assert.h"

bool ctr_address_get_sockaddr(const struct ctr_address *address,
			      struct sockaddr_storage *ret_sockaddr)
{
	CTR_ASSERT(ret_sockaddr);
	if (address->is_unix)
		return false;

	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
	struct sockaddr_storage result = {0};
	if (inet_pton(AF_INET, address->name, &v4.sin_addr) == 1)
		memcpy(&result, &v4, sizeof(v4));
	else if (inet_pton(AF_INET6, address->name, &v6.sin6_addr) == 1)
		memcpy(&result, &v6, sizeof(v6));
	else
		return false;
	*ret_sockaddr = result;
	return true;
}

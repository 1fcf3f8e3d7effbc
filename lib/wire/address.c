/* SPDX-License-Identifier: MIT */
/*
 * address.c - reads addresses.
 *
 * A host is taken as written: whether it is a number or a name is found out by
 * whoever connects to it.
 *
 * Layer: wire.
 */
#include "wire/address.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"

#define UNIX_PREFIX   "unix:"
#define SHOWN_SIZE    300
#define EXPECTED_FORM "expected HOST:PORT, [IPV6]:PORT or unix:PATH"

_Static_assert(CTR_ADDRESS_PATH_SIZE_MAX <= CTR_ADDRESS_HOST_SIZE_MAX, "a path fits into a name");

static int refuse(struct centro_error_text *error_text, const char *text, const char *why)
{
	return ctr_error(error_text, CENTRO_ERR_INVALID, "address \"%.*s\": %s", SHOWN_SIZE, text,
			 why);
}

static void set_name(struct ctr_address *address, struct centro_bytes name)
{
	CTR_ASSERT(name.size < sizeof(address->name));
	memcpy(address->name, name.data, name.size);
	address->name[name.size] = '\0';
}

static bool has_control_or_space(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	return false;
}

static int parse_unix(const char *text, struct ctr_address *ret_address,
		      struct centro_error_text *error_text)
{
	struct centro_bytes path = ctr_bytes_str(text + strlen(UNIX_PREFIX));
	if (path.size == 0)
		return refuse(error_text, text, "there is no path behind unix:");
	if (path.size > CTR_ADDRESS_PATH_SIZE_MAX)
		return refuse(error_text, text, "the path is longer than 107 bytes");

	*ret_address = (struct ctr_address){.is_unix = true};
	set_name(ret_address, path);
	return CENTRO_OK;
}

/* Splits at the last colon; an address of IPv6 stands in brackets, so that it is the right one. */
static const char *split(const char *text, struct centro_bytes *ret_host,
			 struct centro_bytes *ret_port)
{
	const char *colon = strrchr(text, ':');
	const char *close = text[0] == '[' ? strchr(text, ']') : NULL;

	if (text[0] == '[' && !close)
		return "the ']' is missing";
	if (!colon || (close && colon < close))
		return "there is no port; " EXPECTED_FORM;
	if (close && colon != close + 1)
		return EXPECTED_FORM;

	const char *host = close ? text + 1 : text;
	*ret_host = ctr_bytes(host, (size_t)((close ? close : colon) - host));
	*ret_port = ctr_bytes_str(colon + 1);
	if (!close && ret_host->size > 0 && memchr(ret_host->data, ':', ret_host->size))
		return "an IPv6 address stands in brackets: [::1]:50051";
	return NULL;
}

int ctr_address_parse(const char *text, struct ctr_address *ret_address,
		      struct centro_error_text *error_text)
{
	CTR_ASSERT(text);
	CTR_ASSERT(ret_address);

	if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return parse_unix(text, ret_address, error_text);
	if (has_control_or_space(text))
		return refuse(error_text, text, "there is a space in it; " EXPECTED_FORM);

	struct centro_bytes host, port_text;
	const char *wrong = split(text, &host, &port_text);
	if (wrong)
		return refuse(error_text, text, wrong);
	if (host.size == 0)
		return refuse(error_text, text, "there is no host; " EXPECTED_FORM);
	if (host.size > CTR_ADDRESS_HOST_SIZE_MAX)
		return refuse(error_text, text, "the host is longer than 253 bytes");
	uint64_t port;
	if (!ctr_parse_u64(port_text, &port) || port > UINT16_MAX)
		return refuse(error_text, text, "the port is not a number from 0 to 65535");

	*ret_address = (struct ctr_address){.port = (uint16_t)port};
	set_name(ret_address, host);
	return CENTRO_OK;
}

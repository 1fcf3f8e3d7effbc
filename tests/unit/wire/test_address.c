/* SPDX-License-Identifier: MIT */
/* Addresses: what is read, and how what is wrong is said. */
#include "wire/address.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"

static void accepts(const char *text, const char *name, uint16_t port, bool is_unix)
{
	struct ctr_address address;
	struct centro_error_text why = {""};
	int status = ctr_address_parse(text, &address, &why);
	ck_assert_msg(status == CENTRO_OK, "%s", why.text);
	ck_assert_str_eq(address.name, name);
	ck_assert_uint_eq(address.port, port);
	ck_assert_int_eq(address.is_unix, is_unix);
}

static void refuses(const char *text, const char *part)
{
	struct ctr_address address = {.port = 77};
	struct centro_error_text why;
	ck_assert_int_eq(ctr_address_parse(text, &address, &why), CENTRO_ERR_INVALID);
	ck_assert_msg(strstr(why.text, part) != NULL, "\"%s\" lacks \"%s\"", why.text, part);
	ck_assert_uint_eq(address.port, 77);
}

START_TEST(what_is_right)
{
	accepts("127.0.0.1:50051", "127.0.0.1", 50051, false);
	accepts("localhost:0", "localhost", 0, false);
	accepts("[::1]:65535", "::1", 65535, false);
	accepts("[fe80::1%eth0]:1", "fe80::1%eth0", 1, false);
	accepts("unix:/run/centro.sock", "/run/centro.sock", 0, true);
	accepts("unix:a b:c", "a b:c", 0, true);
}
END_TEST

START_TEST(what_is_wrong)
{
	refuses("", "no port");
	refuses("localhost", "no port");
	refuses(":1", "no host");
	refuses("[]:1", "no host");
	refuses("a:", "the port is not a number from 0 to 65535");
	refuses("a:65536", "the port is not");
	refuses("a:-1", "the port is not");
	refuses("a:1x", "the port is not");
	refuses("::1:50051", "[::1]:50051");
	refuses("[::1:50051", "']' is missing");
	refuses("[::1]", "no port");
	refuses("[::1]x:1", "expected HOST:PORT");
	refuses("a b:1", "there is a space");
	refuses("a\n:1", "there is a space");
	refuses("unix:", "there is no path");
}
END_TEST

START_TEST(limits)
{
	char text[400];
	snprintf(text, sizeof(text), "%0253d:1", 0);
	char host[254];
	memcpy(host, text, 253);
	host[253] = 0;
	accepts(text, host, 1, false);
	snprintf(text, sizeof(text), "%0254d:1", 0);
	refuses(text, "longer than 253 bytes");
	snprintf(text, sizeof(text), "unix:%0107d", 0);
	accepts(text, text + 5, 0, true);
	snprintf(text, sizeof(text), "unix:%0108d", 0);
	refuses(text, "longer than 107 bytes");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wire/address");
	TCase *tcase = tcase_create("address");
	tcase_add_test(tcase, what_is_right);
	tcase_add_test(tcase, what_is_wrong);
	tcase_add_test(tcase, limits);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

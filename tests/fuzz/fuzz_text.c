/* SPDX-License-Identifier: MIT */
/*
 * fuzz_text.c - small texts that people write: addresses, times, sizes, and the words that
 * name jobs.
 *
 *	1 byte   the kind (modulo TEXT_COUNT)
 *	         the text
 *
 * What is printed of what was read is read as the same.
 */
#include "message_check.h"

#include <stdio.h>
#include <stdlib.h>

#include <centro/text.h>

#include "base/base64.h"
#include "base/str.h"
#include "selector.h"
#include "wire/address.h"

enum text_kind {
	TEXT_ADDRESS,
	TEXT_SPAN,
	TEXT_SIZE,
	TEXT_CPU,
	TEXT_TIME,
	TEXT_BASE64,
	TEXT_ESCAPE,
	TEXT_NUMBER,
	TEXT_SELECTOR,
	TEXT_COUNT
};

static void try_address(struct centro_bytes bytes, const char *text)
{
	struct ctr_address address, again;
	struct centro_error_text why = {""};
	char written[320];
	if (ctr_address_parse(text, &address, &why) != CENTRO_OK) {
		ck_assert_str_ne(why.text, "");
		return;
	}
	if (address.is_unix)
		snprintf(written, sizeof(written), "unix:%s", address.name);
	else
		snprintf(written, sizeof(written), text[0] == '[' ? "[%s]:%u" : "%s:%u",
			 address.name, address.port);
	ck_assert_msg(ctr_address_parse(written, &again, &why) == CENTRO_OK, "%s", why.text);
	ck_assert_str_eq(address.name, again.name);
	ck_assert_uint_eq(address.port, again.port);
	ck_assert(address.is_unix == again.is_unix);
}

static void try_span(struct centro_bytes bytes, const char *text)
{
	struct centro_span span, again;
	char written[32];
	if (centro_span_parse(text, &span) != CENTRO_OK)
		return;
	centro_span_format(span, written, sizeof(written));
	ck_assert_int_eq(centro_span_parse(written, &again), CENTRO_OK);
	ck_assert_uint_eq(span.ns, again.ns);
}

/* For people, and rounded: what is read back, if it is whole bytes, is only near. */
static void try_size(struct centro_bytes bytes, const char *text)
{
	uint64_t size, again;
	char written[32];
	if (centro_size_parse(text, &size) != CENTRO_OK)
		return;
	centro_size_format(size, written, sizeof(written));
	if (centro_size_parse(written, &again) == CENTRO_OK)
		ck_assert_uint_le(size > again ? size - again : again - size, size / 10);
}

static void try_cpu(struct centro_bytes bytes, const char *text)
{
	uint32_t milli, again;
	char written[32];
	if (centro_cpu_parse(text, &milli) != CENTRO_OK)
		return;
	snprintf(written, sizeof(written), "%um", milli);
	ck_assert_int_eq(centro_cpu_parse(written, &again), CENTRO_OK);
	ck_assert_uint_eq(milli, again);
}

static void try_time(struct centro_bytes bytes, const char *text)
{
	int64_t seconds, seconds_again;
	int32_t nanos, nanos_again;
	struct ctr_buf written;
	if (!ctr_time_parse(bytes, &seconds, &nanos))
		return;
	ctr_buf_init(&written, NULL, 0);
	ck_assert_int_eq(ctr_time_format(&written, seconds, nanos), CENTRO_OK);
	ck_assert(ctr_time_parse(ctr_buf_bytes(&written), &seconds_again, &nanos_again));
	ck_assert_int_eq(seconds, seconds_again);
	ck_assert_int_eq(nanos, nanos_again);
	/* In the form that is printed: the very same, so that there is no 30th of February. */
	if (bytes.size == strlen("2026-11-24T13:00:00Z") && text[10] == 'T' && text[19] == 'Z')
		ck_assert(ctr_bytes_equal(ctr_buf_bytes(&written), bytes));
	ctr_buf_fini(&written);
}

/* Either alphabet and any padding, but no two texts beside that. */
static void try_base64(struct centro_bytes bytes, const char *text)
{
	uint8_t *decoded = malloc(ctr_base64_decoded_max(bytes.size));
	size_t size;
	struct ctr_buf again;
	ck_assert_ptr_nonnull(decoded);
	ctr_buf_init(&again, NULL, 0);
	if (ctr_base64_decode(bytes, decoded, &size) == CENTRO_OK) {
		ck_assert_uint_le(size, ctr_base64_decoded_max(bytes.size));
		ck_assert_int_eq(ctr_base64_append(&again, ctr_bytes(decoded, size), true),
				 CENTRO_OK);
		ck_assert_uint_ge(again.size, bytes.size);
		for (size_t i = 0; i < bytes.size; i++) {
			char c = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
			ck_assert_int_eq(again.data[i], c);
		}
	}
	ctr_buf_fini(&again);
	free(decoded);
}

static void try_escape(struct centro_bytes bytes, const char *text)
{
	struct ctr_buf shown;
	ctr_buf_init(&shown, NULL, 0);
	ck_assert_int_eq(ctr_escape(&shown, bytes, 100), CENTRO_OK);
	ck_assert(ctr_utf8_is_valid(ctr_buf_bytes(&shown)));
	for (size_t i = 0; i < shown.size; i++)
		ck_assert(shown.data[i] >= 0x20 && shown.data[i] != 0x7f);
	ctr_buf_fini(&shown);
}

static void try_number(struct centro_bytes bytes, const char *text)
{
	uint64_t value;
	int64_t signed_value;
	char written[32];
	/* There is one way to write each. */
	if (ctr_parse_u64(bytes, &value)) {
		snprintf(written, sizeof(written), "%llu", (unsigned long long)value);
		ck_assert_str_eq(written, text);
	}
	if (ctr_parse_i64(bytes, &signed_value)) {
		snprintf(written, sizeof(written), "%lld", (long long)signed_value);
		ck_assert_str_eq(written, text);
	}
}

static void try_selector(struct centro_bytes bytes, const char *text)
{
	struct selector selector;
	const char *wrong = selector_parse(text, &selector);
	if (wrong) {
		ck_assert_uint_gt(strlen(wrong), 0);
		return;
	}
	if (selector.kind == SELECT_RANGE)
		ck_assert_uint_le(selector.id, selector.id_last);
	if (selector.kind == SELECT_NAME)
		ck_assert_str_eq(selector.name, text);
	ck_assert(selector_takes(&selector, selector.task, selector.index));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[TEXT_COUNT])(struct centro_bytes bytes, const char *text) = {
		[TEXT_ADDRESS] = try_address,   [TEXT_SPAN] = try_span,
		[TEXT_SIZE] = try_size,         [TEXT_CPU] = try_cpu,
		[TEXT_TIME] = try_time,         [TEXT_BASE64] = try_base64,
		[TEXT_ESCAPE] = try_escape,     [TEXT_NUMBER] = try_number,
		[TEXT_SELECTOR] = try_selector,
	};
	struct fuzz_input input = {data, size};
	size_t kind = fuzz_below(&input, TEXT_COUNT);
	/* Terminated, with nothing behind it; a NUL in it ends it for both. */
	char *text = strndup((const char *)input.data, input.size);
	ck_assert_ptr_nonnull(text);
	tries[kind](ctr_bytes_str(text), text);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * show.c - foreign text made fit for a sentence.
 *
 * Invariant: the result is printable ASCII, whatever went in, so that an error
 * can be sent, logged and shown on a terminal as it is.
 *
 * Layer: core.
 */
#include "core/show.h"

#include "base/assert.h"
#include "base/bytes.h"

#define SHOWN_MAX 60

struct ctr_shown ctr_show(struct centro_bytes value)
{
	struct ctr_shown shown;
	size_t size = value.size < SHOWN_MAX ? value.size : SHOWN_MAX;
	size_t at = 0;

	shown.text[at++] = '"';
	for (size_t i = 0; i < size; i++) {
		uint8_t c = value.data[i];
		shown.text[at++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	if (size < value.size) {
		memcpy(shown.text + at, "...", 3);
		at += 3;
	}
	shown.text[at++] = '"';
	CTR_ASSERT(at < sizeof(shown.text));
	shown.text[at] = '\0';
	return shown;
}

/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_FUZZ_MESSAGE_CHECK_H
#define CTR_TESTS_FUZZ_MESSAGE_CHECK_H

/* What holds for every message that a decoder lets in, whatever it came from. */

#include "fuzz.h"

#include "codec/codec.h"

/* By its number: those of the schema, then the codec tests' own. */
const ProtobufCMessageDescriptor *message_type(size_t number);

/*
 * Its encoding is a fixed point of encode and decode, and so is its JSON; and the JSON says all
 * of it but what the schema does not know.
 */
void message_check(const ProtobufCMessage *message);

/* A text for people is there, and fits on a line of a terminal. */
void error_text_check(const struct centro_error_text *text);

#endif

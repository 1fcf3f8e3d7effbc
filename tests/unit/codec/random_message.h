/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_CODEC_RANDOM_MESSAGE_H
#define CTR_TESTS_CODEC_RANDOM_MESSAGE_H

/* Messages of any type with everything in them that a decoder lets in. */

#include "base/prng.h"
#include "codec/codec.h"

/* Never NULL: the arena must be large enough. */
ProtobufCMessage *random_message(const ProtobufCMessageDescriptor *descriptor,
				 struct ctr_prng *prng, struct ctr_arena *arena);

#endif

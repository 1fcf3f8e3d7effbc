/* SPDX-License-Identifier: MIT */
#ifndef CTR_CODEC_SCHEMA_TABLE_H
#define CTR_CODEC_SCHEMA_TABLE_H

/* What proto/schema_table.py generates from the schema. */

#include "codec/codec.h"

/* By full name. */
extern const ProtobufCMessageDescriptor *const ctr_schema_messages[];
extern const size_t ctr_schema_messages_count;

/* Those that protoc made for a map<>. protobuf-c takes them for ordinary repeated messages. */
extern const ProtobufCMessageDescriptor *const ctr_schema_map_entries[];
extern const size_t ctr_schema_map_entries_count;

/* By path. */
extern const struct ctr_schema_method ctr_schema_methods[];
extern const size_t ctr_schema_methods_count;

/* A google.protobuf.FileDescriptorSet. */
extern const uint8_t ctr_schema_set_data[];
extern const size_t ctr_schema_set_size;

#endif

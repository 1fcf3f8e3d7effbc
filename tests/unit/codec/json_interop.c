/* SPDX-License-Identifier: MIT */
/*
 * json_interop.c - the C half of json_interop.py. Lines of "TYPE HEX JSON":
 *
 *	json_interop make SEED COUNT   writes them, COUNT random messages a type
 *	json_interop read              reads them: JSON and bytes must be the same message
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "codec/schema_table.h"
#include "every.pb-c.h"
#include "random_message.h"

static void print_hex(struct centro_bytes bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		printf("%02x", bytes.data[i]);
}

static void print_message(const ProtobufCMessage *message)
{
	struct ctr_buf wire, json;
	ctr_buf_init(&wire, NULL, 0);
	ctr_buf_init(&json, NULL, 0);
	CTR_ASSERT(ctr_message_encode(message, &wire) == CENTRO_OK);
	CTR_ASSERT(ctr_json_encode(message, &json) == CENTRO_OK);

	printf("%s ", message->descriptor->name);
	print_hex(ctr_buf_bytes(&wire));
	printf(" %.*s\n", (int)json.size, (const char *)json.data);
	ctr_buf_fini(&wire);
	ctr_buf_fini(&json);
}

static void make_type(const ProtobufCMessageDescriptor *descriptor, struct ctr_prng *prng,
		      unsigned long count)
{
	for (unsigned long i = 0; i < count; i++) {
		struct ctr_arena arena;
		ctr_arena_init(&arena, NULL, SIZE_MAX);
		print_message(random_message(descriptor, prng, &arena));
		ctr_arena_fini(&arena);
	}
}

static void make(uint64_t seed, unsigned long count)
{
	struct ctr_prng prng;
	ctr_prng_init(&prng, seed);
	for (size_t i = 0; i < ctr_schema_messages_count; i++)
		make_type(ctr_schema_messages[i], &prng, count);
	make_type(&test__every__descriptor, &prng, 10 * count);
	make_type(&test__nest__descriptor, &prng, count);
}

/* ------------------------------------------------------------------ */

static const ProtobufCMessageDescriptor *find_type(const char *name)
{
	if (strcmp(name, "test.Every") == 0)
		return &test__every__descriptor;
	if (strcmp(name, "test.Nest") == 0)
		return &test__nest__descriptor;
	return ctr_schema_find_message(ctr_bytes_str(name));
}

/* In place: the text is longer than what it stands for. */
static struct centro_bytes take_hex(char *text)
{
	size_t size = strlen(text) / 2;
	for (size_t i = 0; i < size; i++) {
		char digits[3] = {text[2 * i], text[2 * i + 1]};
		text[i] = (char)strtoul(digits, NULL, 16);
	}
	return ctr_bytes(text, size);
}

static bool is_same(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	struct ctr_buf first, second;
	ctr_buf_init(&first, NULL, 0);
	ctr_buf_init(&second, NULL, 0);
	ctr_message_encode(a, &first);
	ctr_message_encode(b, &second);
	bool is_equal = ctr_bytes_equal(ctr_buf_bytes(&first), ctr_buf_bytes(&second));
	ctr_buf_fini(&first);
	ctr_buf_fini(&second);
	return is_equal;
}

static bool check_line(char *line)
{
	char *type = strtok(line, " ");
	char *hex = strchr(type, '\0') + 1;
	char *json = strchr(hex, ' ');
	*json++ = '\0';
	json[strcspn(json, "\n")] = '\0';

	struct ctr_arena arena;
	struct centro_error_text text = {""};
	ProtobufCMessage *from_json = NULL, *from_wire = NULL;
	const ProtobufCMessageDescriptor *descriptor = find_type(type);
	ctr_arena_init(&arena, NULL, SIZE_MAX);
	int status = ctr_json_decode(descriptor, ctr_bytes_str(json), &arena, &from_json, &text);
	if (status == CENTRO_OK)
		status = ctr_message_decode(descriptor, take_hex(hex), &arena, &from_wire, &text);
	bool is_right = status == CENTRO_OK && is_same(from_json, from_wire);
	if (!is_right)
		fprintf(stderr, "%s: %s: %s\n", type, json,
			status == CENTRO_OK ? "another message" : text.text);
	ctr_arena_fini(&arena);
	return is_right;
}

static int read_lines(void)
{
	char *line = NULL;
	size_t capacity = 0;
	unsigned long lines = 0, wrong = 0;
	while (getline(&line, &capacity, stdin) > 0) {
		lines++;
		wrong += !check_line(line);
	}
	free(line);
	printf("%lu\n", lines);
	return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "make") == 0) {
		make(strtoull(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "read") == 0)
		return read_lines();
	fprintf(stderr, "usage: json_interop make SEED COUNT | read\n");
	return EXIT_FAILURE;
}

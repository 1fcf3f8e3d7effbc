/* SPDX-License-Identifier: MIT */
/* output.c - messages in the format of --output. */
#include "output.h"

bool output_is_table(const struct cli *cli)
{
	return !cli->quiet && (cli->output == OUTPUT_TABLE || cli->output == OUTPUT_WIDE);
}

const char *output_id(const cJSON *message)
{
	return json_text(message, "id");
}

void output_print(const struct cli *cli, const cJSON *messages, bool as_one,
		  const char *(*name_of)(const cJSON *message))
{
	const cJSON *message;
	const cJSON *whole =
		as_one && cJSON_GetArraySize(messages) == 1 ? messages->child : messages;

	if (cli->quiet || cli->output == OUTPUT_NAME) {
		cJSON_ArrayForEach(message, messages) puts(name_of(message));
	} else if (cli->output == OUTPUT_JSONL) {
		cJSON_ArrayForEach(message, messages)
		{
			json_write(stdout, message);
			putchar('\n');
		}
	} else if (cli->output == OUTPUT_YAML) {
		json_write_yaml(stdout, whole);
	} else {
		json_write_pretty(stdout, whole);
	}
}

/* SPDX-License-Identifier: MIT */
/* call.c - calls to the server, and what their errors mean to a person. */
#include "call.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct reply {
	bool is_done;
	int status;
	char text[600];
	cJSON *answer;
};

int cli_connect(struct cli *cli)
{
	if (cli->client)
		return 0;
	struct centro_client_options options = CENTRO_CLIENT_OPTIONS_INIT;
	struct centro_error_text text;
	options.servers = cli->servers;
	options.server_count = cli->server_count;
	if (centro_client_new(&options, &cli->client, &text) != CENTRO_OK)
		return cli_usage_error(cli, "%s: %s", cli->server_origin, text.text);
	return 0;
}

int cli_call_failed(const struct cli *cli, int status, const char *text)
{
	if (status == CENTRO_ERR_UNAVAILABLE || status == CENTRO_ERR_DEADLINE)
		return cli_error(cli, EXIT_CLI_UNREACHABLE, "%s", text);
	return cli_error(cli, EXIT_CLI_OTHER, "%s", text[0] ? text : centro_error_help(status));
}

static void on_message(void *arg, struct centro_bytes message)
{
	struct reply *reply = arg;
	cJSON_Delete(reply->answer);
	reply->answer = cJSON_ParseWithLength((const char *)message.data, message.size);
}

static void on_done(void *arg, int status, const char *text)
{
	struct reply *reply = arg;
	reply->is_done = true;
	reply->status = status;
	snprintf(reply->text, sizeof(reply->text), "%s", text);
}

int cli_call(struct cli *cli, const char *method, cJSON *request, bool is_idempotent,
	     cJSON **ret_answer)
{
	int code = cli_connect(cli);
	char *body = code ? NULL : cJSON_PrintUnformatted(request);
	cJSON_Delete(request);
	if (code)
		return code;
	struct reply reply = { .status = CENTRO_ERR_INTERNAL };
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct centro_error_text text = { "" };
	options.encoding = CENTRO_JSON;
	options.is_idempotent = is_idempotent;
	options.message = on_message;
	options.done = on_done;
	options.arg = &reply;
	int error = centro_client_call(
		cli->client, method,
		(struct centro_bytes){ (const uint8_t *)body, body ? strlen(body) : 0 }, &options,
		NULL, &text);
	free(body);
	if (error)
		return cli_call_failed(cli, error, text.text);
	while (!reply.is_done)
		centro_client_wait(cli->client, (struct centro_span){ UINT64_MAX }, -1);
	if (reply.status == CENTRO_OK && reply.answer) {
		*ret_answer = reply.answer;
		return 0;
	}
	cJSON_Delete(reply.answer);
	return cli_call_failed(cli, reply.status, reply.text);
}

int cli_each_job(struct cli *cli, cJSON *request, uint64_t limit,
		 int (*each)(void *arg, const cJSON *job), void *arg)
{
	int code = 0;
	bool more = true;
	while (more && code == 0) {
		cJSON *answer;
		cJSON_DeleteItemFromObject(request, "page_size");
		cJSON_AddNumberToObject(request, "page_size", limit < 500 ? (double)limit : 500);
		code = cli_call(cli, "JobService/List", cJSON_Duplicate(request, true), true, &answer);
		if (code)
			break;
		const cJSON *job;
		cJSON_ArrayForEach(job, json_member(answer, "jobs"))
		{
			code = code ? code : each(arg, job);
			limit--;
		}
		const char *token = json_text(answer, "next_page_token");
		more = token[0] && limit > 0;
		cJSON_DeleteItemFromObject(request, "page_token");
		cJSON_AddStringToObject(request, "page_token", token);
		cJSON_Delete(answer);
	}
	cJSON_Delete(request);
	return code;
}

void cli_random_id(char id[33])
{
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		abort();
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

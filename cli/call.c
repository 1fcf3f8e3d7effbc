/* SPDX-License-Identifier: MIT */
/* call.c - calls to the server, and what their errors mean to a person. */
#include "call.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE_SIZE       500
#define REPLY_TEXT_SIZE 4608 /* as much as the client library hands over */

struct reply {
	bool is_done;
	int status;
	char text[REPLY_TEXT_SIZE];
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
	int status = centro_client_new(&options, &cli->client, &text);
	if (status == CENTRO_ERR_INVALID)
		return cli_usage_error(cli, "%s: %s", cli->server_origin, text.text);
	return status ? cli_error(cli, EXIT_CLI_OTHER, "%s", text.text) : 0;
}

int cli_call_failed(const struct cli *cli, int status, const char *text)
{
	bool is_unreachable = status == CENTRO_ERR_UNAVAILABLE || status == CENTRO_ERR_DEADLINE;
	return cli_error(cli, is_unreachable ? EXIT_CLI_UNREACHABLE : EXIT_CLI_OTHER, "%s",
			 text[0] ? text : centro_error_help(status));
}

int cli_call_start(struct cli *cli, const char *method, cJSON *request,
		   struct centro_call_options *options, struct centro_call **ret_call)
{
	struct centro_error_text text = {""};
	int code = cli_connect(cli);
	char *body = need(cJSON_PrintUnformatted(request));
	cJSON_Delete(request);
	if (code == 0) {
		struct centro_bytes bytes = {(const uint8_t *)body, strlen(body)};
		options->encoding = CENTRO_JSON;
		int status =
			centro_client_call(cli->client, method, bytes, options, ret_call, &text);
		code = status ? cli_call_failed(cli, status, text.text) : 0;
	}
	free(body);
	return code;
}

bool cli_turn(struct cli *cli, int limit_ms, int interrupt_fd)
{
	struct pollfd fds[] = {
		{.fd = centro_client_fd(cli->client), .events = POLLIN},
		{.fd = interrupt_fd, .events = POLLIN},
	};
	int timeout_ms = centro_client_timeout_ms(cli->client);
	if (timeout_ms < 0 || (limit_ms >= 0 && limit_ms < timeout_ms))
		timeout_ms = limit_ms;
	int ready = poll(fds, 2, timeout_ms);
	centro_client_dispatch(cli->client);
	return ready > 0 && fds[1].revents != 0;
}

static void on_message(void *arg, struct centro_bytes message)
{
	struct reply *reply = arg;
	cJSON_Delete(reply->answer);
	reply->answer = json_parse(message);
}

static void on_done(void *arg, int status, const char *text)
{
	struct reply *reply = arg;
	reply->is_done = true;
	reply->status = status;
	snprintf(reply->text, sizeof(reply->text), "%s", text);
}

int cli_call(struct cli *cli, const char *method, cJSON *request, cJSON **ret_answer)
{
	struct reply reply = {.status = CENTRO_OK};
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	options.is_idempotent = true;
	options.message = on_message;
	options.done = on_done;
	options.arg = &reply;
	int code = cli_call_start(cli, method, request, &options, NULL);
	if (code)
		return code;
	while (!reply.is_done)
		cli_turn(cli, -1, -1);
	if (reply.status == CENTRO_OK && reply.answer) {
		*ret_answer = reply.answer;
		return 0;
	}
	cJSON_Delete(reply.answer);
	if (reply.status == CENTRO_OK)
		return cli_error(cli, EXIT_CLI_OTHER, "the server's answer is not JSON");
	return cli_call_failed(cli, reply.status, reply.text);
}

static int list_page(struct cli *cli, const char *method, cJSON *request, const char *member,
		     uint64_t *left, int (*each)(void *arg, cJSON *item), void *arg)
{
	cJSON *answer, *item;
	json_set_int(request, "page_size", *left < PAGE_SIZE ? (int64_t)*left : PAGE_SIZE);
	cJSON *copy = need(cJSON_Duplicate(request, true));
	int code = cli_call(cli, method, copy, &answer);
	if (code)
		return code;
	cJSON *items = cJSON_GetObjectItemCaseSensitive(answer, member);
	while (code == 0 && *left > 0 && (item = cJSON_DetachItemFromArray(items, 0))) {
		code = each(arg, item);
		--*left;
	}
	json_set_text(request, "page_token", json_text(answer, "next_page_token"));
	cJSON_Delete(answer);
	return code;
}

int cli_list(struct cli *cli, const char *method, cJSON *request, const char *member,
	     uint64_t limit, int (*each)(void *arg, cJSON *item), void *arg)
{
	uint64_t left = limit ? limit : UINT64_MAX;
	int code;
	do {
		code = list_page(cli, method, request, member, &left, each, arg);
	} while (code == 0 && left > 0 && json_text(request, "page_token")[0]);
	cJSON_Delete(request);
	return code;
}

uint64_t cli_steady_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

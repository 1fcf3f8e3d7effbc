/* SPDX-License-Identifier: MIT */
/* include/centro/client.h, as an embedder uses it, over real sockets. */
#include <centro/client.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/time.h"
#include "echo_server.h"
#include "support/failing_allocator.h"
#include "support/suite.h"

#define A_JOB "{\"job\":{\"tasks\":[{\"command\":[\"true\"]}]}}"

struct outcome {
	unsigned done, messages;
	int status;
	char message[128], text[512];
};

static void on_message(void *arg, struct centro_bytes message)
{
	struct outcome *outcome = arg;
	outcome->messages++;
	snprintf(outcome->message, sizeof(outcome->message), "%.*s", (int)message.size,
		 (const char *)message.data);
}

static void on_done(void *arg, int status, const char *text)
{
	struct outcome *outcome = arg;
	outcome->done++;
	outcome->status = status;
	snprintf(outcome->text, sizeof(outcome->text), "%s", text);
}

static struct centro_client *new_client(const char *address)
{
	struct centro_client_options options = CENTRO_CLIENT_OPTIONS_INIT;
	struct centro_client *client;
	struct centro_error_text text;
	options.servers = &address;
	options.server_count = 1;
	int status = centro_client_new(&options, &client, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	return client;
}

static struct centro_call *submit(struct centro_client *client, struct centro_span timeout,
				  struct outcome *outcome)
{
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	struct centro_call *call;
	*outcome = (struct outcome){0};
	options.encoding = CENTRO_JSON;
	options.timeout = timeout;
	options.message = on_message;
	options.done = on_done;
	options.arg = outcome;
	int status = centro_client_call(client, "JobService/Submit", ctr_bytes_str(A_JOB), &options,
					&call, NULL);
	ck_assert_int_eq(status, CENTRO_OK);
	return call;
}

static const struct centro_span no_limit = {0};

START_TEST(a_call_and_its_answer)
{
	struct echo_server server;
	struct outcome outcome;
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	struct centro_client *client = new_client(server.address);
	submit(client, no_limit, &outcome);
	ck_assert_int_eq(centro_client_timeout_ms(client), 0);
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	ck_assert_uint_eq(outcome.done, 1);
	ck_assert_int_eq(outcome.status, CENTRO_OK);
	ck_assert_str_eq(outcome.message, "{\"id\":\"42\"}");
	centro_client_free(client);
	echo_server_stop(&server);
}
END_TEST

/* The descriptor alone must wake the caller: no polling by time. */
START_TEST(driven_by_poll)
{
	struct echo_server server;
	struct outcome outcome;
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	struct centro_client *client = new_client(server.address);
	unsigned dispatches = 0;
	for (int i = 0; i < 100; i++) {
		submit(client, no_limit, &outcome);
		while (outcome.done == 0) {
			struct pollfd fd = {.fd = centro_client_fd(client), .events = POLLIN};
			int ready = poll(&fd, 1, centro_client_timeout_ms(client));
			ck_assert_int_ge(ready, 0);
			ck_assert_int_eq(centro_client_dispatch(client), CENTRO_OK);
			dispatches++;
		}
		ck_assert_int_eq(outcome.status, CENTRO_OK);
	}
	ck_assert_uint_eq(server.connections, 1);
	ck_assert_uint_lt(dispatches, 1000);
	centro_client_free(client);
	echo_server_stop(&server);
}
END_TEST

/* -1, as for poll(2): who waits for nothing must not be called in a loop. */
START_TEST(an_idle_client_is_left_alone)
{
	struct echo_server server;
	struct outcome outcome;
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	struct centro_client *client = new_client(server.address);
	ck_assert_int_eq(centro_client_timeout_ms(client), -1);
	submit(client, no_limit, &outcome);
	ck_assert_int_eq(centro_client_timeout_ms(client), 0);
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	ck_assert_int_ne(centro_client_timeout_ms(client), 0);
	centro_client_free(client);
	echo_server_stop(&server);
}
END_TEST

START_TEST(calls_queued_together_go_together)
{
	struct echo_server server;
	static struct outcome outcomes[500];
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	struct centro_client *client = new_client(server.address);
	for (size_t i = 0; i < 500; i++)
		submit(client, no_limit, &outcomes[i]);
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	for (size_t i = 0; i < 500; i++)
		ck_assert_int_eq(outcomes[i].status, CENTRO_OK);
	ck_assert_uint_eq(server.calls, 500);
	centro_client_free(client);
	echo_server_stop(&server);
}
END_TEST

START_TEST(nobody_is_there)
{
	struct echo_server gone;
	struct outcome outcome;
	char expected[256];
	echo_server_start(&gone, NULL, 0, ECHO_SERVE);
	echo_server_stop(&gone);
	struct centro_client *client = new_client(gone.address);
	submit(client, no_limit, &outcome);
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_UNAVAILABLE);
	snprintf(expected, sizeof(expected),
		 "cannot reach a server: %s: connection refused; is centrod running? "
		 "start one with: centro dev",
		 gone.address);
	ck_assert_str_eq(outcome.text, expected);
	centro_client_free(client);
}
END_TEST

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

START_TEST(wait_ends_by_time_and_by_descriptor)
{
	struct echo_server server;
	struct outcome outcome;
	int fds[2];
	echo_server_start(&server, NULL, 0, ECHO_SILENT);
	struct centro_client *client = new_client(server.address);
	struct centro_call *call = submit(client, no_limit, &outcome);
	uint64_t begin = now_ms();
	ck_assert_int_eq(centro_client_wait(client, ctr_span_ms(100), -1), CENTRO_ERR_DEADLINE);
	ck_assert_uint_ge(now_ms() - begin, 99);
	ck_assert_uint_eq(outcome.done, 0);

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(centro_client_wait(client, no_limit, fds[0]), CENTRO_ERR_CANCELLED);
	close(fds[0]);
	close(fds[1]);

	centro_call_cancel(call);
	ck_assert_uint_eq(outcome.done, 0);
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_CANCELLED);

	/* A call's own time-out needs no help of wait()'s. */
	submit(client, ctr_span_ms(100), &outcome);
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_DEADLINE);

	submit(client, no_limit, &outcome);
	centro_client_free(client);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_CANCELLED);
	echo_server_stop(&server);
}
END_TEST

START_TEST(a_deadline_without_a_server)
{
	struct echo_server gone;
	struct outcome outcome;
	echo_server_start(&gone, NULL, 0, ECHO_SERVE);
	echo_server_stop(&gone);
	struct centro_client *client = new_client(gone.address);
	submit(client, ctr_span_ms(300), &outcome);
	uint64_t begin = now_ms();
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	ck_assert_uint_ge(now_ms() - begin, 299);
	ck_assert_int_eq(outcome.status, CENTRO_ERR_DEADLINE);
	centro_client_free(client);
}
END_TEST

START_TEST(wrong_arguments_are_errors)
{
	struct centro_client_options options = CENTRO_CLIENT_OPTIONS_INIT;
	struct centro_call_options call_options = CENTRO_CALL_OPTIONS_INIT;
	struct centro_client *client;
	struct centro_error_text text;
	const char *bad = "nonsense";

	ck_assert_int_eq(centro_client_new(NULL, &client, NULL), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_client_new(&options, NULL, NULL), CENTRO_ERR_INVALID);
	options.size = 1;
	ck_assert_int_eq(centro_client_new(&options, &client, &text), CENTRO_ERR_ABI);
	options.size = sizeof(options);
	options.servers = &bad;
	options.server_count = 1;
	ck_assert_int_eq(centro_client_new(&options, &client, &text), CENTRO_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(text.text, "address \"nonsense\""));

	client = new_client("127.0.0.1:1");
	struct centro_bytes none = {0}, missing = {NULL, 5};
	ck_assert_int_eq(centro_client_call(client, NULL, none, &call_options, NULL, NULL),
			 CENTRO_ERR_INVALID);
	ck_assert_int_eq(
		centro_client_call(client, "JobService/Get", missing, &call_options, NULL, NULL),
		CENTRO_ERR_INVALID);
	call_options.encoding = 7;
	ck_assert_int_eq(
		centro_client_call(client, "JobService/Get", none, &call_options, NULL, NULL),
		CENTRO_ERR_INVALID);
	call_options.size = 3;
	ck_assert_int_eq(
		centro_client_call(client, "JobService/Get", none, &call_options, NULL, NULL),
		CENTRO_ERR_ABI);
	ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
	ck_assert_int_eq(centro_client_fd(NULL), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_client_timeout_ms(NULL), CENTRO_ERR_INVALID);
	ck_assert_int_eq(centro_client_dispatch(NULL), CENTRO_ERR_INVALID);
	centro_call_cancel(NULL);
	centro_client_free(client);
	centro_client_free(NULL);
}
END_TEST

START_TEST(every_failed_allocation_is_survived)
{
	struct echo_server server;
	struct failing_allocator failing;
	size_t fail_at = 0;
	echo_server_start(&server, NULL, 0, ECHO_SERVE);
	do {
		struct centro_client_options options = CENTRO_CLIENT_OPTIONS_INIT;
		struct centro_call_options call_options = CENTRO_CALL_OPTIONS_INIT;
		struct centro_client *client;
		const char *address = server.address;
		failing_allocator_init(&failing, ++fail_at);
		options.allocator = &failing.allocator;
		options.servers = &address;
		options.server_count = 1;
		if (centro_client_new(&options, &client, NULL) == CENTRO_OK) {
			call_options.encoding = CENTRO_JSON;
			(void)centro_client_call(client, "JobService/Submit", ctr_bytes_str(A_JOB),
						 &call_options, NULL, NULL);
			ck_assert_int_eq(centro_client_wait(client, no_limit, -1), CENTRO_OK);
			centro_client_free(client);
		}
		ck_assert_uint_eq(failing.live, 0);
	} while (failing.failed);
	echo_server_stop(&server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/client_io");
	TCase *tcase = tcase_create("client_io");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_call_and_its_answer);
	tcase_add_test(tcase, driven_by_poll);
	tcase_add_test(tcase, an_idle_client_is_left_alone);
	tcase_add_test(tcase, calls_queued_together_go_together);
	tcase_add_test(tcase, nobody_is_there);
	tcase_add_test(tcase, wait_ends_by_time_and_by_descriptor);
	tcase_add_test(tcase, a_deadline_without_a_server);
	tcase_add_test(tcase, wrong_arguments_are_errors);
	tcase_add_test(tcase, every_failed_allocation_is_survived);
	suite_add_tcase(suite, tcase);
	return ctr_suite_run(suite);
}

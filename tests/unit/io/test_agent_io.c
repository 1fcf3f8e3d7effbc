/* SPDX-License-Identifier: MIT */
/* centro/agent.h against a whole server in the same process, with real commands. */
#include <centro/agent.h>
#include <centro/client.h>
#include <centro/server.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/suite.h"
#include "temp_dir.h"

#define WAIT_TURNS 2000 /* of at most 10 ms */

static struct temp_dir temp;
static struct centro_server *server;
static struct centro_agent *agent;
static struct centro_client *client;
static char address[128];
static const char *const servers[] = {address};

static struct centro_agent_options agent_options(void)
{
	struct centro_agent_options options = CENTRO_AGENT_OPTIONS_INIT;
	static char state_dir[128];
	snprintf(state_dir, sizeof(state_dir), "%s/agent", temp.path);
	options.servers = servers;
	options.server_count = 1;
	options.name = "n1";
	options.state_dir = state_dir;
	options.shim = getenv("CENTRO_TEST_SHIM");
	ck_assert_ptr_nonnull(options.shim);
	return options;
}

static void open_agent(void)
{
	struct centro_error_text text = {""};
	struct centro_agent_options options = agent_options();
	int status = centro_agent_new(&options, &agent, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
}

static void set_up(void)
{
	struct centro_error_text text = {""};
	struct centro_server_options server_options = CENTRO_SERVER_OPTIONS_INIT;
	struct centro_client_options client_options = CENTRO_CLIENT_OPTIONS_INIT;
	temp_dir_init(&temp);
	snprintf(address, sizeof(address), "unix:%s/socket", temp.path);
	server_options.storage = "memory:";
	server_options.listen = servers;
	server_options.listen_count = 1;
	int status = centro_server_new(&server_options, &server, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	client_options.servers = servers;
	client_options.server_count = 1;
	ck_assert_int_eq(centro_client_new(&client_options, &client, &text), CENTRO_OK);
	open_agent();
}

static void tear_down(void)
{
	centro_agent_free(agent);
	centro_client_free(client);
	centro_server_free(server);
	temp_dir_fini(&temp);
}

/* One turn of everybody. */
static void turn(void)
{
	struct pollfd fds[] = {{.fd = centro_server_fd(server), .events = POLLIN},
			       {.fd = centro_client_fd(client), .events = POLLIN},
			       {.fd = agent ? centro_agent_fd(agent) : -1, .events = POLLIN}};
	poll(fds, 3, 10);
	ck_assert_int_eq(centro_server_dispatch(server), CENTRO_OK);
	ck_assert_int_eq(centro_client_dispatch(client), CENTRO_OK);
	if (agent)
		ck_assert_int_eq(centro_agent_dispatch(agent), CENTRO_OK);
}

struct answer {
	char json[4096];
	int status;
	bool is_done;
};

static void on_answer(void *arg, struct centro_bytes message)
{
	struct answer *answer = arg;
	snprintf(answer->json, sizeof(answer->json), "%.*s", (int)message.size,
		 (const char *)message.data);
}

static void on_done(void *arg, int status, const char *text)
{
	struct answer *answer = arg;
	answer->status = status;
	answer->is_done = true;
}

static const char *call(const char *method, const char *json)
{
	static struct answer answer;
	struct centro_error_text text = {""};
	struct centro_call_options options = CENTRO_CALL_OPTIONS_INIT;
	memset(&answer, 0, sizeof(answer));
	options.encoding = CENTRO_JSON;
	options.message = on_answer;
	options.done = on_done;
	options.arg = &answer;
	const struct centro_bytes request = {(const uint8_t *)json, strlen(json)};
	int status = centro_client_call(client, method, request, &options, NULL, &text);
	ck_assert_msg(status == CENTRO_OK, "%s", text.text);
	for (int i = 0; !answer.is_done; i++) {
		ck_assert_int_lt(i, WAIT_TURNS);
		turn();
	}
	ck_assert_int_eq(answer.status, CENTRO_OK);
	return answer.json;
}

static void submit(const char *script)
{
	char json[512];
	snprintf(json, sizeof(json),
		 "{\"job\":{\"tasks\":[{\"command\":[\"sh\",\"-c\",\"%s\"],"
		 "\"resources\":{\"memory_mib\":1},\"kill_grace\":\"0.2s\"}]}}",
		 script);
	call("JobService/Submit", json);
}

/* Until the job's record holds `part`. */
static void wait_for(const char *job, const char *part)
{
	char json[64];
	const char *record = "";
	snprintf(json, sizeof(json), "{\"id\":\"%s\"}", job);
	for (int i = 0; i < WAIT_TURNS && !strstr(record, part); i++)
		record = call("JobService/Get", json);
	ck_assert_msg(strstr(record, part) != NULL, "%s is not in %s", part, record);
}

START_TEST(test_a_job)
{
	submit("exit 7");
	wait_for("1", "\"state\":\"failed\"");
	wait_for("1", "\"exit_code\":7");
	ck_assert(centro_agent_is_registered(agent));
	for (int i = 0; i < WAIT_TURNS && centro_agent_attempts(agent) > 0; i++)
		turn();
	ck_assert_uint_eq(centro_agent_attempts(agent), 0);
	const char *node = call("NodeService/List", "{}");
	ck_assert_ptr_nonnull(strstr(node, "\"limits\":\"none\""));
	ck_assert_ptr_nonnull(strstr(node, "\"boot_id\":\""));
}
END_TEST

/* The agent goes and comes back; the command does not notice. */
START_TEST(test_agent_comes_back)
{
	submit("sleep 1; exit 3");
	wait_for("1", "\"state\":\"running\"");
	centro_agent_free(agent);
	agent = NULL;
	for (int i = 0; i < 10; i++)
		turn();
	open_agent();
	ck_assert_uint_eq(centro_agent_attempts(agent), 1);
	wait_for("1", "\"exit_code\":3");
}
END_TEST

START_TEST(test_stop)
{
	submit("sleep 1000");
	wait_for("1", "\"state\":\"running\"");
	centro_agent_stop(agent);
	for (int i = 0; i < WAIT_TURNS && centro_agent_attempts(agent) > 0; i++)
		turn();
	ck_assert_uint_eq(centro_agent_attempts(agent), 0);
	wait_for("1", "\"state\":\"pending\"");
}
END_TEST

static void expect_refusal(const struct centro_agent_options *options, int status,
			   const char *message)
{
	struct centro_agent *refused;
	struct centro_error_text text;
	ck_assert_int_eq(centro_agent_new(options, &refused, &text), status);
	ck_assert_msg(strstr(text.text, message) != NULL, "%s", text.text);
	ck_assert_int_eq(centro_agent_new(options, &refused, NULL), status);
}

START_TEST(test_options)
{
	struct centro_agent_options options = agent_options();
	expect_refusal(&options, CENTRO_ERR_LOCKED, "another agent uses it");
	centro_agent_free(agent);
	agent = NULL;
	options.size--;
	expect_refusal(&options, CENTRO_ERR_ABI, "options->size");
	options = agent_options();
	options.name = "not a name";
	expect_refusal(&options, CENTRO_ERR_INVALID, "name");
	options = agent_options();
	options.datacenter = "Not A Name";
	expect_refusal(&options, CENTRO_ERR_INVALID, "datacenter");
	static const char *const labels[] = {"key"};
	options = agent_options();
	options.labels = labels;
	options.label_count = 1;
	expect_refusal(&options, CENTRO_ERR_INVALID, "write it as key=value");
	static const char *const wrong_servers[] = {"here"};
	options = agent_options();
	options.servers = wrong_servers;
	expect_refusal(&options, CENTRO_ERR_INVALID, "here");
	options = agent_options();
	options.shim = "/no/such";
	expect_refusal(&options, CENTRO_ERR_INVALID, "centro-shim");
	options = agent_options();
	options.state_dir = NULL;
	expect_refusal(&options, CENTRO_ERR_INVALID, "state_dir");
	centro_agent_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("io/agent_io");
	TCase *test_case = tcase_create("agent_io");
	tcase_add_checked_fixture(test_case, set_up, tear_down);
	tcase_set_timeout(test_case, 60);
	tcase_add_test(test_case, test_a_job);
	tcase_add_test(test_case, test_agent_comes_back);
	tcase_add_test(test_case, test_stop);
	tcase_add_test(test_case, test_options);
	suite_add_tcase(suite, test_case);
	return ctr_suite_run(suite);
}

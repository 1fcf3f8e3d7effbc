/* SPDX-License-Identifier: MIT */
/*
 * centro.c - the command line: finds the verb and the server, and hands over.
 *
 * The only reader of the environment beside dev_file.c.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <centro/version.h>

#include "cmd.h"
#include "config_args.h"
#include "dev_file.h"
#include "signals.h"

static const char *const address_default = "127.0.0.1:50051";

const struct verb *const verbs[] = {
	&verb_run,    &verb_submit, &verb_ps,  &verb_show,    &verb_logs, &verb_wait,
	&verb_cancel, &verb_node,   &verb_dev, &verb_version, &verb_help, NULL,
};

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; verbs[i]; i++) {
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	}
	return NULL;
}

/* ---- help and version ---- */

static void print_help(void)
{
	printf("Usage: centro VERB [flags] [ARGUMENT]... [-- COMMAND [ARG]...]\n\n");
	for (size_t i = 0; verbs[i]; i++)
		printf("  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	printf("\nThe first five minutes:\n"
	       "  centro dev &                 a server and an agent on this machine\n"
	       "  centro run -- echo hi        run something, see its output\n"
	       "  centro submit -- sleep 60    do not wait for it\n"
	       "  centro show @last            where is it, or why does it wait?\n"
	       "\nMore: centro help VERB, centro(1)\n");
}

static int cmd_help(struct cli *cli, int argc, char **argv)
{
	if (argc < 2) {
		print_help();
		return EXIT_SUCCESS;
	}
	const struct verb *verb = verb_find(argv[1]);
	if (!verb)
		return cli_usage_error(cli, "there is no verb \"%s\"", argv[1]);
	verb_print_help(verb);
	return EXIT_SUCCESS;
}

static int cmd_version(struct cli *cli, int argc, char **argv)
{
	(void)cli;
	(void)argc;
	(void)argv;
	printf("centro %s\n", centro_version());
	return EXIT_SUCCESS;
}

const struct verb verb_help = {
	.name = "help",
	.arguments = "[VERB]",
	.summary = "Show what there is to say of a verb.",
	.flags = { NULL },
	.run = cmd_help,
};
const struct verb verb_version = {
	.name = "version",
	.arguments = "",
	.summary = "Print the version.",
	.flags = { NULL },
	.run = cmd_version,
};

/* ---- the server's address ---- */

static void split_servers(struct cli *cli, char *list)
{
	char *rest = NULL;
	cli->server_memory = list;
	for (char *one = strtok_r(list, ", ", &rest); one && cli->server_count < SERVERS_MAX;
	     one = strtok_r(NULL, ", ", &rest))
		cli->servers[cli->server_count++] = one;
}

static void find_servers(struct cli *cli)
{
	const char *listed = getenv("CENTRO_SERVER_ADDR");
	char *list = listed && listed[0] ? strdup(listed) : NULL;
	cli->server_origin = "CENTRO_SERVER_ADDR";
	if (!list) {
		list = dev_file_read();
		cli->server_origin = "dev.json";
	}
	if (list)
		split_servers(cli, list);
	if (cli->server_count == 0) {
		cli->servers[cli->server_count++] = address_default;
		cli->server_origin = "the default address";
	}
}

static int unknown_verb(const char *word)
{
	const char *names[16];
	size_t count = 0;
	for (; verbs[count]; count++)
		names[count] = verbs[count]->name;
	const char *near = nearest_name(word, names, count);
	fprintf(stderr, "centro: there is no verb \"%s\"", word);
	if (near)
		fprintf(stderr, "; did you mean %s?", near);
	fprintf(stderr, "\nTry: centro help\n");
	return EXIT_CLI_USAGE;
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	if (argc < 2) {
		print_help();
		return EXIT_CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		argv[1] = (char *)"help";
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = (char *)"version";
	const struct verb *verb = verb_find(argv[1]);
	if (!verb)
		return unknown_verb(argv[1]);
	cli.verb = verb->name;
	const char *no_color = getenv("NO_COLOR");
	cli.color = isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
	signals_ignore_pipe();
	find_servers(&cli);
	int verb_argc = argc - 1;
	char **verb_argv = argv + 1;
	int code = config_args_expand(&cli, verb, &verb_argc, &verb_argv);
	if (code == 0)
		code = verb->run(&cli, verb_argc, verb_argv);
	if (fflush(stdout) != 0 && code == 0)
		code = EXIT_CLI_OTHER;
	centro_client_free(cli.client);
	free(cli.server_memory);
	return code;
}

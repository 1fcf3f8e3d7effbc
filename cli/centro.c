/* SPDX-License-Identifier: MIT */
/*
 * centro.c - the command line: finds the verb and the server, and hands over.
 *
 * The environment is read here, in servers.c, in dev_file.c and in cmd_dev.c alone.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <centro/version.h>

#include "cmd.h"
#include "servers.h"
#include "signals.h"

#define VERBS_MAX 32

const struct verb *const verbs[] = {
	&verb_run,    &verb_submit,  &verb_ps,     &verb_show, &verb_logs,     &verb_wait,
	&verb_cancel, &verb_retry,   &verb_events, &verb_node, &verb_schedule, &verb_dev,
	&verb_sim,    &verb_version, &verb_help,   NULL,
};

const struct verb *verb_find(const struct cli *cli, const char *name)
{
	const char *names[VERBS_MAX];
	size_t count = 0;
	for (; verbs[count]; count++) {
		if (strcmp(verbs[count]->name, name) == 0)
			return verbs[count];
		names[count] = verbs[count]->name;
	}
	const char *near = nearest_name(name, names, count);
	cli_usage_error(cli, near ? "unknown verb '%s'; did you mean '%s'?" : "unknown verb '%s'",
			name, near);
	return NULL;
}

static int cmd_help(struct cli *cli, const struct args *args)
{
	if (args->word_count == 0) {
		help_print(verbs);
		return 0;
	}
	cli->verb = NULL; /* of which there is nothing more to say */
	const struct verb *verb = verb_find(cli, args->words[0]);
	if (!verb)
		return EXIT_CLI_USAGE;
	help_print_verb(verb);
	return 0;
}

static int cmd_version(struct cli *cli, const struct args *args)
{
	printf("centro %s\n", centro_version());
	return 0;
}

const struct verb verb_help = {
	.name = "help",
	.arguments = "[VERB]",
	.summary = "Show what there is to say about a verb.",
	.run = cmd_help,
};

const struct verb verb_version = {
	.name = "version",
	.arguments = "",
	.summary = "Print the version of this program.",
	.run = cmd_version,
};

static int run_verb(struct cli *cli, const struct verb *verb, int argc, char **argv)
{
	struct args args;
	cli->verb = verb->name;
	int code = args_parse(cli, verb, argc, argv, &args);
	if (code == 0 && args.wants_help)
		help_print_verb(verb);
	else if (code == 0)
		code = servers_find(cli);
	if (code == 0 && !args.wants_help)
		code = verb->run(cli, &args);
	args_free(&args);
	return code;
}

/* What stands before the verb, then the verb. */
static int run(struct cli *cli, int argc, char **argv)
{
	struct args args;
	int used = 1;
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return cmd_version(cli, NULL);
	int code = args_parse_global(cli, argc, argv, &args, &used);
	if (code == 0 && (args.wants_help || used == argc)) {
		help_print(verbs);
		code = args.wants_help ? 0 : EXIT_CLI_USAGE;
	} else if (code == 0) {
		const struct verb *verb = verb_find(cli, argv[used]);
		code = verb ? run_verb(cli, verb, argc - used, argv + used) : EXIT_CLI_USAGE;
	}
	args_free(&args);
	return code;
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR");
	struct cli cli = {.is_colored = isatty(STDOUT_FILENO) && !(no_color && no_color[0])};

	signals_ignore_pipe();
	int code = run(&cli, argc, argv);
	if (fflush(stdout) != 0 && code == 0)
		code = EXIT_CLI_OTHER;
	centro_client_free(cli.client);
	free(cli.server_text);
	return code;
}

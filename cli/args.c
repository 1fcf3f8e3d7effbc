/* SPDX-License-Identifier: MIT */
/* args.c - flags by tables, for getopt_long and for the help. */
#include "args.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


enum { GLOBAL_FIRST = 1000, GLOBAL_SERVER, GLOBAL_OUTPUT, GLOBAL_QUIET, GLOBAL_COLOR,
       GLOBAL_CONFIG, GLOBAL_HELP };

const struct flag args_global_flags[] = {
	{ GLOBAL_SERVER, "server", 's', "ADDRESS",
	  "HOST:PORT or unix:PATH; may be repeated. Else CENTRO_SERVER_ADDR, else what\n"
	  "`centro dev` serves, else 127.0.0.1:50051" },
	{ GLOBAL_OUTPUT, "output", 'o', "FORMAT", "table, wide, json, jsonl, yaml or name" },
	{ GLOBAL_QUIET, "quiet", 'q', NULL, "print ids only" },
	{ GLOBAL_COLOR, "color", 0, "WHEN", "auto, always or never; NO_COLOR is kept, too" },
	{ GLOBAL_CONFIG, "config", 0, "FILE", "YAML: any of these flags without the dashes" },
	{ GLOBAL_HELP, "help", 'h', NULL, NULL },
	{ 0 },
};

#define FLAGS_MAX 64

static const struct flag *find_flag(const struct verb *verb, int id)
{
	for (const struct flag *flag = args_global_flags; flag->name; flag++) {
		if (flag->id == id)
			return flag;
	}
	for (size_t t = 0; verb->flags[t]; t++) {
		for (const struct flag *flag = verb->flags[t]; flag->name; flag++) {
			if (flag->id == id)
				return flag;
		}
	}
	return NULL;
}

static void add_flags(struct args *args, const struct flag *flags, size_t *count)
{
	for (; flags->name && *count < FLAGS_MAX; flags++) {
		args->options[(*count)++] = (struct option){
			flags->name, flags->value ? required_argument : no_argument, NULL, flags->id
		};
		if (!flags->letter)
			continue;
		char *end = args->letters + strlen(args->letters);
		*end++ = flags->letter;
		if (flags->value)
			*end = ':';
	}
}

void args_begin(struct args *args, struct cli *cli, int argc, char **argv)
{
	const struct verb *verb = verb_find(cli->verb);
	size_t count = 0;
	*args = (struct args){ .cli = cli, .argc = argc, .argv = argv };
	args->options = calloc(FLAGS_MAX + 1, sizeof(*args->options));
	args->letters = calloc(FLAGS_MAX * 2 + 3, 1);
	if (!args->options || !args->letters)
		abort();
	memcpy(args->letters, verb->stops_at_command ? "+:" : ":", verb->stops_at_command ? 2 : 1);
	add_flags(args, args_global_flags, &count);
	for (size_t t = 0; verb->flags[t]; t++)
		add_flags(args, verb->flags[t], &count);
	optind = 1;
	opterr = 0;
}

static int args_end(struct args *args, int code)
{
	free(args->options);
	free(args->letters);
	args->options = NULL;
	args->letters = NULL;
	return code;
}

static int set_output(struct cli *cli, const char *value)
{
	static const char *const names[] = { "table", "wide", "json", "jsonl", "yaml", "name" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) == 0) {
			cli->output = (enum output)i;
			return 0;
		}
	}
	return cli_usage_error(cli, "--output: \"%s\"; say table, wide, json, jsonl, yaml or name",
			       value);
}

static int set_color(struct cli *cli, const char *value)
{
	if (strcmp(value, "always") == 0)
		cli->color = true;
	else if (strcmp(value, "never") == 0)
		cli->color = false;
	else if (strcmp(value, "auto") != 0)
		return cli_usage_error(cli, "--color: \"%s\"; say auto, always or never", value);
	return 0;
}

static int add_server(struct cli *cli, const char *value)
{
	if (cli->server_origin && strcmp(cli->server_origin, "--server") != 0)
		cli->server_count = 0;
	cli->server_origin = "--server";
	if (cli->server_count == SERVERS_MAX)
		return cli_usage_error(cli, "--server: at most %d", SERVERS_MAX);
	cli->servers[cli->server_count++] = value;
	return 0;
}

/* 0, or the exit code; ARGS_END when the help has been printed. */
static int take_global(struct args *args, int id, const char *value)
{
	struct cli *cli = args->cli;
	switch (id) {
	case GLOBAL_SERVER:
		return add_server(cli, value);
	case GLOBAL_OUTPUT:
		return set_output(cli, value);
	case GLOBAL_QUIET:
		cli->quiet = true;
		return 0;
	case GLOBAL_COLOR:
		return set_color(cli, value);
	default:
		verb_print_help(verb_find(cli->verb));
		exit(EXIT_SUCCESS);
	}
}

static int unknown_flag(struct args *args, int option)
{
	const char *word = args->argv[optind - 1];
	const char *names[FLAGS_MAX];
	size_t count = 0;
	for (; args->options[count].name; count++)
		names[count] = args->options[count].name;
	if (option == ':')
		return cli_usage_error(args->cli, "%s: its value is missing", word);
	const char *near = strncmp(word, "--", 2) == 0 ? nearest_name(word + 2, names, count) : NULL;
	if (near)
		return cli_usage_error(args->cli, "%s: no such flag; did you mean --%s?", word, near);
	return cli_usage_error(args->cli, "%s: no such flag", word);
}

int args_next(struct args *args, const char **ret_value)
{
	int option;
	while ((option = getopt_long(args->argc, args->argv, args->letters, args->options, NULL)) !=
	       -1) {
		if (option == '?' || option == ':') {
			unknown_flag(args, option);
			return args_end(args, ARGS_FAIL);
		}
		const struct verb *verb = verb_find(args->cli->verb);
		const struct flag *flag = find_flag(verb, option);
		for (size_t t = 0; !flag && verb->flags[t]; t++) {
			for (flag = verb->flags[t]; flag->name && flag->letter != option; flag++)
				;
			flag = flag->name ? flag : NULL;
		}
		for (const struct flag *global = args_global_flags; !flag && global->name; global++)
			flag = global->letter == option ? global : NULL;
		*ret_value = optarg;
		if (flag->id < GLOBAL_FIRST)
			return flag->id;
		if (take_global(args, flag->id, optarg) != 0)
			return args_end(args, ARGS_FAIL);
	}
	return args_end(args, ARGS_END);
}

bool args_rest_is_command(const struct args *args)
{
	return optind > 1 && strcmp(args->argv[optind - 1], "--") == 0;
}

/* ---- help ---- */

static void print_flags(const struct flag *flags)
{
	for (; flags->name; flags++) {
		char left[64];
		if (!flags->help)
			continue;
		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", flags->letter ? '-' : ' ',
			 flags->letter ? flags->letter : ' ', flags->letter ? ", " : "  ",
			 flags->name, flags->value ? " " : "", flags->value ? flags->value : "");
		printf("  %-26s", left);
		if (strlen(left) > 26)
			printf("\n%28s", "");
		for (const char *c = flags->help; *c; c++) {
			putchar(*c);
			if (*c == '\n')
				printf("%28s", "");
		}
		putchar('\n');
	}
}

void verb_print_help(const struct verb *verb)
{
	printf("Usage: centro %s %s\n\n%s\n", verb->name, verb->arguments, verb->summary);
	if (verb->details)
		printf("\n%s", verb->details);
	for (size_t t = 0; verb->flags[t]; t++) {
		putchar('\n');
		print_flags(verb->flags[t]);
	}
	printf("\nFor every verb:\n");
	print_flags(args_global_flags);
}

/* Levenshtein's distance, for short words. */
static size_t distance(const char *a, const char *b)
{
	enum { LENGTH_MAX = 32 };
	size_t row[LENGTH_MAX + 1], length_b = strlen(b);
	if (strlen(a) > LENGTH_MAX || length_b > LENGTH_MAX)
		return LENGTH_MAX;
	for (size_t j = 0; j <= length_b; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			row[j] = change < step ? change : step;
		}
	}
	return row[length_b];
}

const char *nearest_name(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) > 3 ? 3 : 2;
	for (size_t i = 0; i < count; i++) {
		size_t d = distance(word, names[i]);
		if (d < best_distance) {
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}

/* SPDX-License-Identifier: MIT */
/*
 * args.c - command lines, by tables.
 *
 * getopt_long does the cutting. Everything is collected first and acted on at the
 * end, since a flag wins over the config file wherever it stands.
 */
#include "args.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define FLAGS_MAX  64
#define FIRST_LONG 256 /* getopt's values for long flags: above any letter */

enum {
	SERVER = 1000,
	OUTPUT,
	QUIET,
	COLOR,
	CONFIG,
	HELP,
};

const struct flag global_flags[] = {
	{SERVER, "server", 's', "ADDRESS",
	 "HOST:PORT or unix:PATH; may be repeated. Else\n"
	 "CENTRO_SERVER_ADDR, else where `centro dev` is,\n"
	 "else 127.0.0.1:50051"},
	{OUTPUT, "output", 'o', "FORMAT", "table, wide, json, jsonl, yaml or name"},
	{QUIET, "quiet", 'q', NULL, "print ids only, and no remarks"},
	{COLOR, "color", 0, "WHEN", "auto, always or never"},
	{CONFIG, "config", 0, "FILE", "YAML: any of these flags, without the dashes"},
	{HELP, "help", 'h', NULL, "print this"},
	{0},
};

/* The tables of one command line, as getopt wants them. */
struct grammar {
	const struct flag *flags[FLAGS_MAX];
	size_t count;
	struct option options[FLAGS_MAX + 1];
	char letters[2 + 2 * FLAGS_MAX + 1];
};

static void add_table(struct grammar *grammar, const struct flag *table)
{
	for (; table && table->name && grammar->count < FLAGS_MAX; table++) {
		size_t at = grammar->count++;
		grammar->flags[at] = table;
		grammar->options[at] = (struct option){
			.name = table->name,
			.has_arg = table->value ? required_argument : no_argument,
			.val = FIRST_LONG + (int)at,
		};
		size_t used = strlen(grammar->letters);
		if (table->letter)
			grammar->letters[used++] = table->letter;
		if (table->letter && table->value)
			grammar->letters[used] = ':';
	}
}

static void grammar_init(struct grammar *grammar, const struct verb *verb)
{
	memset(grammar, 0, sizeof(*grammar));
	/* '+' stops at the first word, '-' gives it back in its place; ':' keeps getopt quiet. */
	grammar->letters[0] = !verb || verb->has_command ? '+' : '-';
	grammar->letters[1] = ':';
	add_table(grammar, global_flags);
	for (size_t i = 0; verb && i < FLAG_TABLES_MAX; i++)
		add_table(grammar, verb->flags[i]);
}

static const struct flag *grammar_find(const struct grammar *grammar, int option)
{
	for (size_t i = 0; i < grammar->count; i++) {
		if (option == FIRST_LONG + (int)i || option == grammar->flags[i]->letter)
			return grammar->flags[i];
	}
	return NULL;
}

/* ---- collecting ---- */

static void add_flag(struct args *args, int id, const char *value)
{
	args->flags = need(realloc(args->flags, (args->flag_count + 1) * sizeof(*args->flags)));
	args->flags[args->flag_count++] = (struct arg){id, value};
}

static void add_word(struct args *args, const char *word)
{
	args->words = need(realloc(args->words, (args->word_count + 1) * sizeof(*args->words)));
	args->words[args->word_count++] = word;
}

static int refuse_flag(const struct cli *cli, const struct grammar *grammar, int option,
		       const char *word)
{
	const struct flag *flag = optopt ? grammar_find(grammar, optopt) : NULL;
	const char *names[FLAGS_MAX];
	if (option == ':' && flag)
		return cli_usage_error(cli, "--%s: its %s is missing", flag->name, flag->value);
	if (flag)
		return cli_usage_error(cli, "--%s takes no value", flag->name);
	if (optopt)
		return cli_usage_error(cli, "no such flag: -%c", optopt);
	for (size_t i = 0; i < grammar->count; i++)
		names[i] = grammar->flags[i]->name;
	char name[64];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	const char *near = nearest_name(name, names, grammar->count);
	return cli_usage_error(
		cli, near ? "no such flag: --%s; did you mean --%s?" : "no such flag: --%s", name,
		near);
}

static int collect(const struct cli *cli, const struct grammar *grammar, int argc, char **argv,
		   struct args *args)
{
	int option;
	optind = 0; /* glibc: begin anew */
	opterr = 0;
	while ((option = getopt_long(argc, argv, grammar->letters, grammar->options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return refuse_flag(cli, grammar, option, argv[optind - 1]);
		if (option == 1)
			add_word(args, optarg);
		else
			add_flag(args, grammar_find(grammar, option)->id, optarg);
	}
	return 0;
}

/* ---- the config file ---- */

struct merge {
	struct args *args;
	struct args from_file;
};

static bool is_given(const struct args *args, int id)
{
	for (size_t i = 0; i < args->flag_count; i++) {
		if (args->flags[i].id == id)
			return true;
	}
	return false;
}

static int take_setting(void *arg, int option, const char *value, struct centro_error_text *text)
{
	struct merge *merge = arg;
	struct args *args = merge->args;
	if (is_given(args, option))
		return CENTRO_OK;
	char *copy = value ? need(strdup(value)) : NULL;
	if (copy) {
		args->owned = need(realloc(args->owned, (args->owned_count + 1) * sizeof(char *)));
		args->owned[args->owned_count++] = copy;
	}
	add_flag(&merge->from_file, option, copy);
	return CENTRO_OK;
}

/* The config file's settings before the flags, without those that a flag gives, too. */
static int merge_config(const struct cli *cli, const struct grammar *grammar, const char *path,
			struct args *args)
{
	struct option options[FLAGS_MAX + 1] = {0};
	struct merge merge = {.args = args};
	struct centro_error_text text = {""};
	size_t count = 0;
	for (size_t i = 0; i < grammar->count; i++) {
		if (grammar->flags[i]->id == CONFIG || grammar->flags[i]->id == HELP)
			continue;
		options[count] = grammar->options[i];
		options[count++].val = grammar->flags[i]->id;
	}
	int error = config_read(path, options, take_setting, &merge, &text);
	for (size_t i = 0; i < args->flag_count; i++)
		add_flag(&merge.from_file, args->flags[i].id, args->flags[i].value);
	free(args->flags);
	args->flags = merge.from_file.flags;
	args->flag_count = merge.from_file.flag_count;
	return error ? cli_usage_error(cli, "--config: %s", text.text) : 0;
}

/* ---- global flags ---- */

static int add_server(struct cli *cli, const char *value)
{
	if (cli->server_count == SERVERS_MAX)
		return cli_usage_error(cli, "--server: at most %d", SERVERS_MAX);
	cli->server_origin = "--server";
	cli->servers[cli->server_count++] = value;
	return 0;
}

static int set_output(struct cli *cli, const char *value)
{
	static const char *const names[] = {"table", "wide", "json", "jsonl", "yaml", "name"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(value, names[i]) != 0)
			continue;
		cli->output = (enum output)i;
		return 0;
	}
	return cli_usage_error(cli, "--output: \"%s\"; say table, wide, json, jsonl, yaml or name",
			       value);
}

static int set_color(struct cli *cli, const char *value)
{
	if (strcmp(value, "always") == 0)
		cli->is_colored = true;
	else if (strcmp(value, "never") == 0)
		cli->is_colored = false;
	else if (strcmp(value, "auto") != 0)
		return cli_usage_error(cli, "--color: \"%s\"; say auto, always or never", value);
	return 0;
}

static int take_global(struct cli *cli, struct args *args, const struct arg *arg)
{
	switch (arg->id) {
	case SERVER:
		return add_server(cli, arg->value);
	case OUTPUT:
		return set_output(cli, arg->value);
	case QUIET:
		cli->quiet = true;
		return 0;
	case COLOR:
		return set_color(cli, arg->value);
	case HELP:
		args->wants_help = true;
		return 0;
	default:
		return 0;
	}
}

/* Read the config file if there is one, act on the global flags, and leave the others. */
static int take_globals(struct cli *cli, const struct grammar *grammar, struct args *args)
{
	int code = 0;
	const char *config = NULL;
	for (size_t i = 0; i < args->flag_count; i++)
		config = args->flags[i].id == CONFIG ? args->flags[i].value : config;
	if (config)
		code = merge_config(cli, grammar, config, args);
	size_t kept = 0;
	for (size_t i = 0; i < args->flag_count; i++) {
		if (args->flags[i].id < SERVER)
			args->flags[kept++] = args->flags[i];
		else if (code == 0)
			code = take_global(cli, args, &args->flags[i]);
	}
	args->flag_count = kept;
	return code;
}

/* ---- the two parsers ---- */

static void set_command(struct args *args, const struct verb *verb, int argc, char **argv)
{
	bool is_separated = optind > 1 && strcmp(argv[optind - 1], "--") == 0;
	if (is_separated || verb->has_command) {
		args->command = argv + optind;
		args->command_count = (size_t)(argc - optind);
	}
}

int args_parse(struct cli *cli, const struct verb *verb, int argc, char **argv, struct args *args)
{
	struct grammar grammar;
	grammar_init(&grammar, verb);
	*args = (struct args){0};
	int code = collect(cli, &grammar, argc, argv, args);
	if (code)
		return code;
	set_command(args, verb, argc, argv);
	return take_globals(cli, &grammar, args);
}

int args_parse_global(struct cli *cli, int argc, char **argv, struct args *args, int *ret_used)
{
	struct grammar grammar;
	grammar_init(&grammar, NULL);
	*args = (struct args){0};
	int code = collect(cli, &grammar, argc, argv, args);
	*ret_used = optind;
	return code ? code : take_globals(cli, &grammar, args);
}

void args_free(struct args *args)
{
	for (size_t i = 0; i < args->owned_count; i++)
		free(args->owned[i]);
	free(args->owned);
	free(args->flags);
	free(args->words);
	*args = (struct args){0};
}

int args_parse_number(const struct cli *cli, const char *flag, const char *value, int64_t min,
		      int64_t max, int64_t *ret_number)
{
	char *end;
	errno = 0;
	long long number = strtoll(value, &end, 10);
	bool is_digits = value[0] == '-' || (value[0] >= '0' && value[0] <= '9');
	if (errno || !is_digits || end == value || *end || number < min || number > max)
		return cli_usage_error(cli, "--%s: \"%s\" is not a number from %lld to %lld", flag,
				       value, (long long)min, (long long)max);
	*ret_number = number;
	return 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

/*
 * Verbs and their flags as tables: what parses a command line also prints the
 * help, and names what comes nearest to a wrong word.
 */

#include <stdint.h>

#include "cli.h"

struct flag {
	int id;            /* > 0, unique among a verb's tables */
	const char *name;  /* without dashes; NULL ends the table */
	char letter;       /* 0: none */
	const char *value; /* what to call its value; NULL: it takes none */
	const char *help;  /* lines may be broken */
};

#define FLAG_TABLES_MAX 2

struct args;

struct verb {
	const char *name;
	const char *arguments; /* of the usage line */
	const char *summary;
	const char *details; /* whole lines; may be NULL */
	const struct flag *flags[FLAG_TABLES_MAX];
	bool has_command; /* its first word begins a command, even without "--" */
	int (*run)(struct cli *cli, const struct args *args);
};

/* One flag as it was given. */
struct arg {
	int id;
	const char *value; /* NULL: it takes none */
};

struct args {
	struct arg *flags; /* in order; those of the config file come first */
	size_t flag_count;
	const char **words; /* before "--" */
	size_t word_count;
	char **command; /* behind "--", or from the first word on if the verb has a command */
	size_t command_count;
	bool wants_help;
	char **owned; /* values out of the config file */
	size_t owned_count;
};

/* The flags that every verb has. Their ids are 1000 and above. */
extern const struct flag global_flags[];

/*
 * Parse what follows the verb; argv[0] is not looked at. Global flags are taken
 * into `cli`. 0, or the exit code: it has been said. args_free() in either case.
 */
int args_parse(struct cli *cli, const struct verb *verb, int argc, char **argv, struct args *args);
/*
 * The same for what precedes the verb, global flags alone. *ret_used: how many of
 * argv these are; argv[*ret_used] is the verb, if there is one.
 */
int args_parse_global(struct cli *cli, int argc, char **argv, struct args *args, int *ret_used);
void args_free(struct args *args);

/* The value of a flag. 0, or the exit code: it has been said. */
int args_parse_number(const struct cli *cli, const char *flag, const char *value, int64_t min,
		      int64_t max, int64_t *ret_number);

/* help.c */
void help_print(const struct verb *const *verbs);
void help_print_verb(const struct verb *verb);

#endif

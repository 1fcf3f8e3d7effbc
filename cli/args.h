/* SPDX-License-Identifier: MIT */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

/* Flags by tables: what parses them also prints the help. */

#include "cli.h"

struct flag {
	int id;            /* of the verb's own: below 32, or above 255 beside letters */
	const char *name;  /* without dashes; NULL ends the table */
	char letter;       /* 0: none */
	const char *value; /* what to call its value in the help; NULL: it takes none */
	const char *help;
};

struct verb {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *summary;
	const char *details; /* may be NULL */
	const struct flag *flags[3]; /* tables, NULL-terminated */
	bool stops_at_command; /* the first argument begins a command line */
	int (*run)(struct cli *cli, int argc, char **argv);
};

/* What every verb takes. */
extern const struct flag args_global_flags[];

extern const struct verb *const verbs[];
/* The verb that runs; set before run() is called. */
const struct verb *verb_find(const char *name);

#define ARGS_END  (-1)
#define ARGS_FAIL (-2)

struct args {
	struct cli *cli;
	int argc;
	char **argv; /* argv[0] is the verb */
	struct option *options;
	char *letters;
};

void args_begin(struct args *args, struct cli *cli, int argc, char **argv);
/*
 * The next flag's id and its value; global flags are taken on the way. ARGS_END:
 * the rest begins at optind. ARGS_FAIL: it has been said; exit with
 * EXIT_CLI_USAGE. Frees what args_begin() made at either.
 */
int args_next(struct args *args, const char **ret_value);
/* Whether the rest came behind "--". */
bool args_rest_is_command(const struct args *args);

void verb_print_help(const struct verb *verb);
/* The nearest of `count` names to `word`, or NULL when none is near. */
const char *nearest_name(const char *word, const char *const *names, size_t count);

#endif

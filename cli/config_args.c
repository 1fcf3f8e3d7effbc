/* SPDX-License-Identifier: MIT */
/* config_args.c - a config file's settings, as if they had been typed first. */
#include "config_args.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#define FLAGS_MAX    256
#define SETTINGS_MAX 64

struct expansion {
	const struct verb *verb;
	struct option all[FLAGS_MAX + 1]; /* of every verb; val is the position */
	size_t all_count;
	char **argv;
	int argc;
	int room;
};

static void add_all(struct expansion *expansion, const struct flag *flags)
{
	for (; flags->name && expansion->all_count < FLAGS_MAX; flags++) {
		int position = (int)expansion->all_count;
		expansion->all[expansion->all_count++] =
			(struct option){ flags->name, flags->value ? required_argument : no_argument,
					 NULL, position };
	}
}

static bool takes(const struct flag *flags, const char *name)
{
	for (; flags->name; flags++) {
		if (strcmp(flags->name, name) == 0)
			return true;
	}
	return false;
}

static bool verb_takes(const struct verb *verb, const char *name)
{
	for (size_t t = 0; verb->flags[t]; t++) {
		if (takes(verb->flags[t], name))
			return true;
	}
	return takes(args_global_flags, name);
}

static int on_setting(void *arg, int option, const char *value, struct centro_error_text *text)
{
	struct expansion *expansion = arg;
	const char *name = expansion->all[option].name;
	if (strcmp(name, "config") == 0 || strcmp(name, "help") == 0) {
		snprintf(text->text, sizeof(text->text), "cannot stand in a file");
		return CENTRO_ERR_INVALID;
	}
	if (!verb_takes(expansion->verb, name))
		return CENTRO_OK; /* another verb's */
	if (expansion->room-- == 0) {
		snprintf(text->text, sizeof(text->text), "more than %d settings", SETTINGS_MAX);
		return CENTRO_ERR_LIMIT;
	}
	size_t size = strlen(name) + (value ? strlen(value) : 0) + 4;
	char *typed = malloc(size);
	if (!typed)
		abort();
	snprintf(typed, size, "--%s%s%s", name, value ? "=" : "", value ? value : "");
	expansion->argv[expansion->argc++] = typed;
	return CENTRO_OK;
}

/* The file of --config FILE or --config=FILE, and how many words that is; NULL: none. */
static const char *find_file(int argc, char **argv, int *ret_at, int *ret_words)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		*ret_at = i;
		*ret_words = strncmp(argv[i], "--config=", 9) == 0 ? 1 : 2;
		if (*ret_words == 1)
			return argv[i] + 9;
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			return argv[i + 1];
	}
	return NULL;
}

int config_args_expand(struct cli *cli, const struct verb *verb, int *argc, char ***argv)
{
	int at = 0, words = 0;
	const char *path = find_file(*argc, *argv, &at, &words);
	if (!path)
		return 0;
	static struct expansion expansion;
	struct centro_error_text text = { "" };
	expansion = (struct expansion){ .verb = verb, .room = SETTINGS_MAX };
	expansion.argv = calloc((size_t)*argc + SETTINGS_MAX + 1, sizeof(*expansion.argv));
	if (!expansion.argv)
		abort();
	add_all(&expansion, args_global_flags);
	for (size_t v = 0; verbs[v]; v++) {
		for (size_t t = 0; verbs[v]->flags[t]; t++)
			add_all(&expansion, verbs[v]->flags[t]);
	}
	expansion.argv[expansion.argc++] = (*argv)[0];
	if (config_read(path, expansion.all, on_setting, &expansion, &text) != CENTRO_OK)
		return cli_error(cli, EXIT_CLI_USAGE, "%s", text.text);
	for (int i = 1; i < *argc; i++) {
		if (i < at || i >= at + words)
			expansion.argv[expansion.argc++] = (*argv)[i];
	}
	*argc = expansion.argc;
	*argv = expansion.argv;
	return 0;
}

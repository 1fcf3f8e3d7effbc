/* SPDX-License-Identifier: MIT */
/* daemon.c - flags, and a config file beneath them, for centrod and centro-agent. */
#include "daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <centro/version.h>

int daemon_wrong(struct centro_error_text *text, const char *value, const char *right)
{
	snprintf(text->text, sizeof(text->text), "\"%.200s\": %s", value, right);
	return CENTRO_ERR_INVALID;
}

int daemon_usage_error(const struct daemon *daemon, const char *what, const char *detail)
{
	fprintf(stderr, "%s: %s%s%s\nTry: %s --help\n", daemon->program, what, detail ? ": " : "",
		detail ? detail : "", daemon->program);
	return DAEMON_EXIT_USAGE;
}

/* For as long as the process lives: whoever was given it may keep it or not. */
struct daemon_value {
	struct daemon_value *next;
	char text[];
};

/* NULL: no memory. */
static char *keep(struct daemon *daemon, const char *value)
{
	size_t size = strlen(value) + 1;
	struct daemon_value *kept = malloc(sizeof(*kept) + size);
	if (!kept)
		return NULL;
	kept->next = daemon->values;
	daemon->values = kept;
	return memcpy(kept->text, value, size);
}

static int on_setting(void *arg, int option, const char *value, struct centro_error_text *text)
{
	struct daemon *daemon = arg;
	if (option < DAEMON_OWN)
		return daemon_wrong(text, value ? value : "", "can only be given as a flag");
	if (daemon->is_reading_file && daemon->given[option])
		return CENTRO_OK;
	char *kept = value ? keep(daemon, value) : NULL;
	if (value && !kept)
		return daemon_wrong(text, value, "out of memory");
	return daemon->set(daemon->arg, option, kept, text);
}

static int parse_flags(struct daemon *daemon, int argc, char **argv)
{
	struct centro_error_text text;
	int option, index = 0;
	while ((option = getopt_long(argc, argv, "h", daemon->options, &index)) != -1) {
		switch (option) {
		case 'h':
		case DAEMON_HELP:
			fputs(daemon->usage, stdout);
			return EXIT_SUCCESS;
		case DAEMON_VERSION:
			printf("%s %s\n", daemon->program, centro_version());
			return EXIT_SUCCESS;
		case DAEMON_CONFIG:
			daemon->config = optarg;
			break;
		case '?':
			return daemon_usage_error(
				daemon, "that flag is not known, or lacks its value", NULL);
		default:
			daemon->given[option] = true;
			if (on_setting(daemon, option, optarg, &text) != CENTRO_OK)
				return daemon_usage_error(daemon, daemon->options[index].name,
							  text.text);
		}
	}
	if (optind < argc)
		return daemon_usage_error(daemon, "what is this argument for?", argv[optind]);
	return DAEMON_GO_ON;
}

int daemon_read_settings(struct daemon *daemon, int argc, char **argv)
{
	struct centro_error_text text;
	int status = parse_flags(daemon, argc, argv);
	if (status != DAEMON_GO_ON || !daemon->config)
		return status;
	daemon->is_reading_file = true;
	if (config_read(daemon->config, daemon->options, on_setting, daemon, &text) == CENTRO_OK)
		return DAEMON_GO_ON;
	fprintf(stderr, "%s: %s\n", daemon->program, text.text);
	return DAEMON_EXIT_USAGE;
}

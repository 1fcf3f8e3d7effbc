/* SPDX-License-Identifier: MIT */
/* help.c - what there is to say of a verb, out of its table. */
#include "args.h"

#include <string.h>

#define COLUMN 26

static void print_flag(const struct flag *flag)
{
	char left[80], letter[] = {'-', flag->letter, ',', ' ', '\0'};
	snprintf(left, sizeof(left), "%s--%s%s%s", flag->letter ? letter : "    ", flag->name,
		 flag->value ? " " : "", flag->value ? flag->value : "");
	printf("  %-*s  ", COLUMN, left);
	if (strlen(left) > COLUMN)
		printf("\n%*s", COLUMN + 4, "");
	for (const char *c = flag->help; *c; c++) {
		putchar(*c);
		if (*c == '\n')
			printf("%*s", COLUMN + 4, "");
	}
	putchar('\n');
}

static void print_table(const struct flag *table)
{
	for (; table->name; table++)
		print_flag(table);
}

void help_print_verb(const struct verb *verb)
{
	printf("Usage: centro %s%s%s\n\n%s\n", verb->name, verb->arguments[0] ? " " : "",
	       verb->arguments, verb->summary);
	if (verb->details)
		printf("\n%s", verb->details);
	for (size_t i = 0; i < FLAG_TABLES_MAX; i++) {
		if (!verb->flags[i])
			continue;
		putchar('\n');
		print_table(verb->flags[i]);
	}
	printf("\nFor every verb:\n");
	print_table(global_flags);
}

void help_print(const struct verb *const *verbs)
{
	printf("Usage: centro VERB [flags] [ARGUMENT]... [-- COMMAND [ARG]...]\n\n");
	for (size_t i = 0; verbs[i]; i++)
		printf("  %-9s%s\n", verbs[i]->name, verbs[i]->summary);
	printf("\nThe first five minutes:\n"
	       "  centro dev &               a server and an agent on this machine\n"
	       "  centro run -- echo hi      run something, see its output\n"
	       "  centro submit -- sleep 60  do not wait for it\n"
	       "  centro show @last          where is it, or why does it wait?\n"
	       "\nMore: centro help VERB, and centro(1).\n");
}

/* SPDX-License-Identifier: MIT */
/*
 * ledger.c - see ledger.h.
 *
 * The linker puts all records of a section one behind the other, and says where
 * they begin and end. A site in a header is there once for each file that includes
 * it: what happened to one of its records happened to all.
 */
#include "ledger.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"
#include "site.h"

enum { REACHED = 1, REFUSED = 2 };

extern struct oom_site *__start_oom_sites[];
extern struct oom_site *__stop_oom_sites[];

static uint8_t *marks;
static _Thread_local const struct oom_site *current;

static int compare(const void *a, const void *b)
{
	const struct oom_site *const *left = a, *const *right = b;
	int order = strcmp((*left)->file, (*right)->file);
	return order != 0 ? order : (*left)->line - (*right)->line;
}

static size_t record_count(void)
{
	return (size_t)(__stop_oom_sites - __start_oom_sites);
}

void ledger_open(void)
{
	size_t count = record_count(), index = 0;
	CTR_ASSERT(count > 0);
	qsort(__start_oom_sites, count, sizeof(__start_oom_sites[0]), compare);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && compare(&__start_oom_sites[i - 1], &__start_oom_sites[i]) != 0)
			index++;
		__start_oom_sites[i]->index = index;
	}
	marks = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CTR_ASSERT(marks != MAP_FAILED);
}

bool oom_enter(const struct oom_site *site)
{
	ck_assert_msg(!current, "%s:%d: the C library's memory, not the allocator's",
		      current ? current->file : "", current ? current->line : 0);
	current = site;
	return true;
}

const struct oom_site *ledger_take(void)
{
	const struct oom_site *site = current;
	ck_assert_msg(site, "memory is asked for at a place that site.h does not know");
	current = NULL;
	return site;
}

void ledger_note(const struct oom_site *site, bool is_refused)
{
	marks[site->index] |= is_refused ? REACHED | REFUSED : REACHED;
}

/* As it is known in the tree: without what the build puts in front. */
static const char *name_of(const struct oom_site *site)
{
	const char *name = strstr(site->file, "/lib/");
	return name ? name + 1 : site->file;
}

bool ledger_report(void)
{
	size_t count = record_count(), sites = 0, refused = 0;
	for (size_t i = 0; i < count; i++) {
		const struct oom_site *site = __start_oom_sites[i];
		if (i + 1 < count && __start_oom_sites[i + 1]->index == site->index)
			continue;
		sites++;
		if (marks[site->index] & REFUSED)
			refused++;
		else
			printf("never failed: %s:%d (%s)\n", name_of(site), site->line,
			       marks[site->index] & REACHED ? "reached" : "never reached");
	}
	printf("sites: %zu of %zu failed at least once\n", refused, sites);
	return refused == sites;
}

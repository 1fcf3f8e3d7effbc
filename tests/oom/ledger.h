/* SPDX-License-Identifier: MIT */
#ifndef CTR_TESTS_OOM_LEDGER_H
#define CTR_TESTS_OOM_LEDGER_H

/*
 * What became of each place in lib/ that asks for memory (site.h): whether it was
 * reached, and whether it was refused. It is shared with the processes that the
 * tests run in.
 */

#include <stdbool.h>
#include <stddef.h>

struct oom_site;

/* Before the first test. */
void ledger_open(void);

/* The place of the allocation that is being made; an allocation outside of all is an error. */
const struct oom_site *ledger_take(void);
void ledger_note(const struct oom_site *site, bool is_refused);

/* Says how many of how many were refused, and which never. False: there are some. */
bool ledger_report(void);

#endif

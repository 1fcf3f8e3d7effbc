/* SPDX-License-Identifier: MIT */
#ifndef CTR_CORE_SHOW_H
#define CTR_CORE_SHOW_H

/* Values as they stand in sentences for people. */

#include <centro/types.h>

struct ctr_shown {
	char text[72];
};

/* In quotes, cut when long; what is no printable ASCII becomes '?'. */
struct ctr_shown ctr_show(struct centro_bytes value);

#endif

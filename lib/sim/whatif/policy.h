/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_WHATIF_POLICY_H
#define CTR_SIM_WHATIF_POLICY_H

/* The policies that a run can follow, as a table. */

#include "core/core.h"

struct ctr_policy {
	const char *name, *help;
	enum ctr_order order;
};

/* NULL: there is none at that place. */
const struct ctr_policy *ctr_policy_get(size_t index);
/* By its name; NULL is the first. OK, or INVALID with the names that there are. */
int ctr_policy_find(const char *name, uint32_t *ret_index, struct centro_error_text *text);

#endif

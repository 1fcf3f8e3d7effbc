/* SPDX-License-Identifier: MIT */
/*
 * policy.c - the policies by name.
 *
 * Layer: sim.
 */
#include "sim/whatif/policy.h"

#include <centro/sim.h>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/str.h"
#include "core/show.h"

static const struct ctr_policy policies[] = {
	{"fill", "what does not fit is passed over; what fits behind it starts", CTR_ORDER_FILL},
	{"fifo", "strictly one after the other; what does not fit holds up all behind it",
	 CTR_ORDER_FIFO},
};

const struct ctr_policy *ctr_policy_get(size_t index)
{
	return index < CTR_ARRAY_SIZE(policies) ? &policies[index] : NULL;
}

int ctr_policy_find(const char *name, uint32_t *ret_index, struct centro_error_text *text)
{
	struct centro_error_text list = {""};
	for (uint32_t i = 0; i < CTR_ARRAY_SIZE(policies); i++) {
		const struct centro_error_text before = list;
		if (!name || strcmp(name, policies[i].name) == 0) {
			*ret_index = i;
			return CENTRO_OK;
		}
		ctr_error(&list, CENTRO_OK, "%.400s%s%s", before.text, i > 0 ? ", " : "",
			  policies[i].name);
	}
	return ctr_error(text, CENTRO_ERR_INVALID, "policy: there is no %s; there are %s",
			 ctr_show(ctr_bytes_str(name)).text, list.text);
}

const char *centro_sim_policy_name(size_t index)
{
	const struct ctr_policy *policy = ctr_policy_get(index);
	return policy ? policy->name : NULL;
}

const char *centro_sim_policy_help(size_t index)
{
	const struct ctr_policy *policy = ctr_policy_get(index);
	return policy ? policy->help : NULL;
}

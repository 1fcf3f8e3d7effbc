/* SPDX-License-Identifier: MIT */
#ifndef CTR_SIM_LOAD_H
#define CTR_SIM_LOAD_H

/* What the clients of a run want, all of it drawn from its seed. */

#include "sim/cluster/world.h"

/* No job asks for more: the first nodes of a cluster offer as much. */
#define CTR_SIM_CPU_MILLI_MAX 8000

/* What a client does about job number `number`, once it is acknowledged. */
struct ctr_sim_intent {
	bool watches;
	uint64_t get_after_ns, cancel_after_ns, conflict_after_ns; /* 0: never */
};

/* What it asks for; in world->arena, which is reset. `other`: another body. */
const Centro__V1__JobSpec *ctr_sim_load_spec(struct ctr_sim_world *world, uint32_t number,
					     bool other);
struct ctr_sim_intent ctr_sim_load_intent(const struct ctr_sim_world *world, uint32_t number);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_AGENT_LINK_H
#define CTR_SERVICE_AGENT_LINK_H

/*
 * The stream of orders to one agent (AgentService.GetJob). An order may get lost
 * with its connection: each heartbeat sends again what the agent should know
 * and does not, and agents take a repeated order for the same one.
 */

#include "service/rpc.h"

/* Durable: tell the agent that it concerns. */
void ctr_agent_link_event(struct ctr_service *service, const struct ctr_event *event);
/* After a heartbeat: whatever the node should have been told and does not hold. */
void ctr_agent_link_resend(struct ctr_service *service, const struct ctr_node *node);
/* Whether the node's agent listens for orders now. */
bool ctr_agent_link_is_up(const struct ctr_service *service, centro_node_id node);
/* Queue an order: an encoded GetJobResponse. UNAVAILABLE: nobody listens. */
int ctr_agent_link_send(struct ctr_service *service, centro_node_id node,
			struct centro_bytes order);

#endif

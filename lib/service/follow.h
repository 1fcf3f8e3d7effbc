/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_FOLLOW_H
#define CTR_SERVICE_FOLLOW_H

/*
 * Those who read the output of an attempt (JobService.Logs). The output lies on
 * the node: its agent is asked for it by an order, answers with PushLog, and
 * what comes is passed on. When the node cannot answer, the part that was kept
 * here at the attempt's end serves.
 */

#include "service/rpc.h"

/* Durable: an attempt may have begun, or be over. */
void ctr_follow_event(struct ctr_service *service, const struct ctr_event *event);
/* The node's agent listens for orders again, or no longer. */
void ctr_follow_agent_up(struct ctr_service *service, centro_node_id node);
void ctr_follow_agent_down(struct ctr_service *service, centro_node_id node);
/*
 * A part of an attempt's output for the order it answers. `push` is the call that
 * it came on: paused while the reader is slow. CENTRO_ERR_NOT_FOUND: nobody
 * reads that order any more.
 */
int ctr_follow_push(struct ctr_service *service, const Centro__V1__PushLogRequest *part,
		    struct ctr_rpc *push);
/* The call that parts came on is over. */
void ctr_follow_push_closed(struct ctr_service *service, struct ctr_rpc *push);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_WATCH_H
#define CTR_SERVICE_WATCH_H

/* Streams of what becomes of one job. */

#include "service/rpc.h"

/* The event has been applied: keep what the job's watchers shall see of it. */
void ctr_watch_applied(struct ctr_service *service, const struct ctr_event *event);
/* What was kept and is not durable never was: end the streams, so that they are opened anew. */
void ctr_watch_reloaded(struct ctr_service *service);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_EVENT_SERVICE_H
#define CTR_SERVICE_EVENT_SERVICE_H

/* Streams of all that happens (EventService). */

#include "service/rpc.h"

/* An event is durable: those who have come to the end go on. */
void ctr_event_watches_durable(struct ctr_service *service, const struct ctr_event *event);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CTR_SERVICE_HEALTH_H
#define CTR_SERVICE_HEALTH_H

/* grpc.health.v1: whether this server answers calls. */

#include "service/rpc.h"

/* What the server's health is may have changed: tell those who watch. */
void ctr_health_changed(struct ctr_service *service);

#endif

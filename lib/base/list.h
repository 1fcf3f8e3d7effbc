/* SPDX-License-Identifier: MIT */
#ifndef CTR_BASE_LIST_H
#define CTR_BASE_LIST_H

/* An intrusive, circular, doubly linked list. The head is a node of its own. */

#include <stdbool.h>
#include <stddef.h>

#include "base/assert.h"

struct ctr_list {
	struct ctr_list *prev, *next;
};

static inline void ctr_list_init(struct ctr_list *list)
{
	list->prev = list->next = list;
}

/* True also for a node that is in no list. */
static inline bool ctr_list_is_empty(const struct ctr_list *list)
{
	return list->next == list;
}

/* Put `node`, which is in no list, behind `where`. */
static inline void ctr_list_insert(struct ctr_list *where, struct ctr_list *node)
{
	node->prev = where;
	node->next = where->next;
	where->next->prev = node;
	where->next = node;
}

static inline void ctr_list_append(struct ctr_list *head, struct ctr_list *node)
{
	ctr_list_insert(head->prev, node);
}

/* Leaves `node` initialised. Removing twice is harmless. */
static inline void ctr_list_remove(struct ctr_list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	ctr_list_init(node);
}

#define ctr_list_entry(node, type, member) CTR_CONTAINER_OF(node, type, member)

/* The body must not remove `node`. */
#define ctr_list_for_each(node, head) \
	for (struct ctr_list *node = (head)->next; node != (head); node = node->next)

/* The body may remove `node`, and nothing else. */
#define ctr_list_for_each_safe(node, head)                                                    \
	for (struct ctr_list *node = (head)->next, *node##_next = node->next; node != (head); \
	     node = node##_next, node##_next = node->next)

#endif

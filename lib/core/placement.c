/* SPDX-License-Identifier: MIT */
/*
 * placement.c - the choice of a node.
 *
 * Three ways, the cheapest first, and together exact: if a node fits, one that
 * fits is chosen.
 *
 *   freed:   what fitted nowhere can only fit where there has been more
 *            room since. In a full cluster with a deep backlog that is one node
 *            or a few.
 *   samples: the best of eight drawn at random. A cluster that is not nearly full
 *            needs no more, and at any size it costs the same.
 *   scan:    block by block from a random one, past those whose bound says that
 *            nothing in them fits, to the first with a fit. A block whose bound
 *            promised too much gets a true one.
 *
 * For a gang it is counted first how many of it there is room for: each node has so
 * many slots, whatever the others hold, and each instance takes one. So nothing
 * need be chosen on trial and given back. A gang for which there were too few is
 * counted again only when the nodes with more room since could make up for it.
 *
 * Invariants: a node is in its zones and in `grown`, and has `freed` above 0, if and
 * only if it is ready; then its room is its capacity less what is used, and 0
 * where that is negative. `grown` is in the order of ctr_node.freed.
 *
 * Rooms are a copy of what nodes hold, packed for speed. At a hundred thousand
 * nodes all that costs is waiting for memory, so the samples of a decision are
 * drawn, and their rooms fetched, at the end of the one before.
 *
 * Layer: core.
 */
#include "core/placement.h"

#include "base/assert.h"
#include "base/bytes.h"

#define FREED_LOOKS_MAX 16

/* Scores are sums of at most CTR_DIMENSIONS_MAX shares of this. */
#define SHARE_WHOLE ((uint64_t)1 << 52)

struct best {
	const struct ctr_zone *zone; /* NULL: none yet */
	uint32_t place;
	uint64_t score; /* lower is better */
};

static void draw_samples(struct ctr_placement *placement)
{
	for (size_t i = 0; i < CTR_ARRAY_SIZE(placement->drawn); i++)
		placement->drawn[i] = ctr_prng_next(&placement->prng);
}

void ctr_placement_init(struct ctr_placement *placement, const struct centro_allocator *allocator,
			const struct ctr_node_table *nodes, uint64_t seed)
{
	CTR_ASSERT(nodes != NULL);

	*placement = (struct ctr_placement){
		.allocator = allocator,
		.nodes = nodes,
		.freed = 1,
	};
	ctr_list_init(&placement->grown);
	ctr_prng_init(&placement->prng, seed);
	draw_samples(placement);
}

void ctr_placement_fini(struct ctr_placement *placement)
{
	ctr_zone_fini(&placement->all, placement->allocator);
}

int ctr_placement_reserve(struct ctr_placement *placement, struct ctr_zone *zone)
{
	CTR_ASSERT(placement->all.count <= placement->nodes->count);
	CTR_ASSERT(zone->count <= zone->members);

	if (ctr_zone_reserve(&placement->all, placement->allocator,
			     placement->nodes->count + 1 - placement->all.count) != CENTRO_OK)
		return CENTRO_ERR_NOMEM;
	return ctr_zone_reserve(zone, placement->allocator, zone->members + 1 - zone->count);
}

/* ---- what is free where ---- */

static struct ctr_room room_of(const struct ctr_node *node)
{
	struct ctr_room room;

	for (size_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		int64_t amount = node->capacity.amount[i] - node->used.amount[i];
		CTR_ASSERT(amount <= UINT32_MAX);
		room.amount[i] = amount > 0 ? (uint32_t)amount : 0;
	}
	return room;
}

void ctr_placement_count(struct ctr_placement *placement, const struct ctr_resources *before,
			 const struct ctr_resources *after)
{
	if (before)
		ctr_resources_subtract(&placement->total, before);
	ctr_resources_add(&placement->total, after);
	for (uint32_t i = 0; i < CTR_DIMENSIONS_MAX; i++) {
		int64_t total = placement->total.amount[i];
		CTR_ASSERT(total >= 0);
		placement->weights[i] = total > 0 ? SHARE_WHOLE / (uint64_t)total : 0;
		if (total > 0 && placement->weight_count <= i)
			placement->weight_count = i + 1;
	}
}

static void note_growth(struct ctr_placement *placement, struct ctr_node *node)
{
	CTR_ASSERT(node->freed <= placement->freed);

	node->freed = ++placement->freed;
	ctr_list_remove(&node->freed_link);
	ctr_list_append(&placement->grown, &node->freed_link);
}

void ctr_placement_join(struct ctr_placement *placement, struct ctr_node *node)
{
	struct ctr_room room = room_of(node);
	CTR_ASSERT(node->freed == 0);
	CTR_ASSERT(node->zone->count < node->zone->members);

	node->place_all = ctr_zone_put(&placement->all, node, &room);
	node->place_zone = ctr_zone_put(node->zone, node, &room);
	note_growth(placement, node);
}

void ctr_placement_leave(struct ctr_placement *placement, struct ctr_node *node)
{
	CTR_ASSERT(placement->all.nodes[node->place_all] == node);
	CTR_ASSERT(node->zone->nodes[node->place_zone] == node);

	struct ctr_node *moved = ctr_zone_take(&placement->all, node->place_all);
	if (moved)
		moved->place_all = node->place_all;
	moved = ctr_zone_take(node->zone, node->place_zone);
	if (moved)
		moved->place_zone = node->place_zone;
	ctr_list_remove(&node->freed_link);
	node->freed = 0;
}

/* Take what `shape` wants off a room that has it. */
static void shrink(struct ctr_room *room, const struct ctr_shape *shape)
{
	for (uint32_t i = 0; i < shape->want_count; i++) {
		const struct ctr_want *want = &shape->wants[i];
		CTR_ASSERT(room->amount[want->dimension] >= want->amount);
		room->amount[want->dimension] -= want->amount;
	}
}

void ctr_placement_use(struct ctr_placement *placement, struct ctr_node *node,
		       const struct ctr_shape *shape)
{
	CTR_ASSERT((node->freed > 0) == !ctr_list_is_empty(&node->freed_link));
	CTR_ASSERT(shape->want_count > 0);

	for (uint32_t i = 0; i < shape->want_count; i++)
		node->used.amount[shape->wants[i].dimension] += shape->wants[i].amount;
	if (node->freed == 0)
		return;
	shrink(&placement->all.rooms[node->place_all], shape);
	shrink(&node->zone->rooms[node->place_zone], shape);
}

void ctr_placement_release(struct ctr_placement *placement, struct ctr_node *node,
			   const struct ctr_shape *shape)
{
	for (uint32_t i = 0; i < shape->want_count; i++) {
		const struct ctr_want *want = &shape->wants[i];
		CTR_ASSERT(node->used.amount[want->dimension] >= want->amount);
		node->used.amount[want->dimension] -= want->amount;
	}
	if (node->is_shrunk)
		node->is_shrunk = !ctr_resources_fit(&node->used, &node->capacity);
	if (node->freed == 0)
		return;
	struct ctr_room room = room_of(node);
	CTR_ASSERT(placement->all.nodes[node->place_all] == node);
	CTR_ASSERT(node->zone->nodes[node->place_zone] == node);
	ctr_zone_set_room(&placement->all, node->place_all, &room);
	ctr_zone_set_room(node->zone, node->place_zone, &room);
	note_growth(placement, node);
}

/* ---- filter and score ---- */

static bool fits(const struct ctr_room *room, const struct ctr_shape *shape)
{
	for (uint32_t i = 0; i < shape->want_count; i++) {
		if (room->amount[shape->wants[i].dimension] < shape->wants[i].amount)
			return false;
	}
	return true;
}

/*
 * What is free on a node, as a share of all that the cluster has. The instance
 * itself would take the same off every node, so it need not be subtracted. Nodes
 * with something rare that is not asked for have a high score, and are spared.
 */
static uint64_t score(const struct ctr_placement *placement, const struct ctr_room *room)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < placement->weight_count; i++)
		sum += room->amount[i] * placement->weights[i];
	return sum;
}

static void look(const struct ctr_placement *placement, const struct ctr_shape *shape,
		 const struct ctr_zone *zone, uint32_t place, struct best *best)
{
	const struct ctr_room *room = &zone->rooms[place];
	CTR_ASSERT(place < zone->count);

	if (!fits(room, shape))
		return;
	uint64_t here = score(placement, room);
	if (!best->zone || here < best->score)
		*best = (struct best){zone, place, here};
}

/* ---- the three ways ---- */

static bool is_in_zones(const struct ctr_node *node, const struct ctr_shape *shape)
{
	for (uint32_t i = 0; i < shape->zone_count; i++) {
		if (shape->zones[i] == node->zone)
			return true;
	}
	return shape->zone_count == 0;
}

/* The node at `link` of the grown ones, from the last on; NULL: it has not grown since. */
static const struct ctr_node *grown_since(const struct ctr_placement *placement,
					  const struct ctr_list *link, uint64_t since)
{
	if (link == &placement->grown)
		return NULL;
	const struct ctr_node *node = ctr_list_entry(link, struct ctr_node, freed_link);
	return node->freed > since ? node : NULL;
}

/* False: there are too many of them to be worth it, and nothing is known. */
static bool look_at_freed(const struct ctr_placement *placement, const struct ctr_line *line,
			  struct best *best, uint32_t *ops)
{
	const struct ctr_list *link = placement->grown.prev;
	CTR_ASSERT(line->tried > 0);
	CTR_ASSERT(!best->zone);

	for (uint32_t i = 0; i < FREED_LOOKS_MAX; i++, link = link->prev) {
		const struct ctr_node *node = grown_since(placement, link, line->tried);
		if (!node)
			return true;
		++*ops;
		if (is_in_zones(node, line->shape))
			look(placement, line->shape, &placement->all, node->place_all, best);
	}
	return best->zone != NULL;
}

static uint32_t zone_count(const struct ctr_shape *shape)
{
	return shape->zone_count > 0 ? shape->zone_count : 1;
}

static struct ctr_zone *get_zone(struct ctr_placement *placement, const struct ctr_shape *shape,
				 uint32_t index)
{
	CTR_ASSERT(index < zone_count(shape));
	return shape->zone_count > 0 ? shape->zones[index] : &placement->all;
}

static uint32_t count_nodes(struct ctr_placement *placement, const struct ctr_shape *shape)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < zone_count(shape); i++)
		count += get_zone(placement, shape, i)->count;
	return count;
}

/* The zone that `*place`, counted through all of the shape's zones, is in; *place there. */
static struct ctr_zone *locate(struct ctr_placement *placement, const struct ctr_shape *shape,
			       uint32_t *place)
{
	uint32_t i = 0;

	while (*place >= get_zone(placement, shape, i)->count)
		*place -= get_zone(placement, shape, i++)->count;
	return get_zone(placement, shape, i);
}

/* Of `count`, from 32 random bits. The bias is below 2^-14 for as many nodes as there may be. */
static uint32_t draw(uint32_t random, uint32_t count)
{
	return (uint32_t)(((uint64_t)random * count) >> 32);
}

static uint32_t sample(const struct ctr_placement *placement, uint32_t i, uint32_t count)
{
	uint64_t random = placement->drawn[i / 2];
	return draw((uint32_t)(i % 2 ? random >> 32 : random), count);
}

static void look_at_samples(struct ctr_placement *placement, const struct ctr_shape *shape,
			    uint32_t count, struct best *best)
{
	CTR_ASSERT(count > CTR_SAMPLES);
	CTR_ASSERT(!best->zone);

	for (uint32_t i = 0; i < CTR_SAMPLES; i++) {
		uint32_t place = sample(placement, i, count);
		const struct ctr_zone *zone = locate(placement, shape, &place);
		look(placement, shape, zone, place, best);
	}

	/* The next decision is probably for the same zones. */
	draw_samples(placement);
	for (uint32_t i = 0; i < CTR_SAMPLES; i++) {
		uint32_t place = sample(placement, i, count);
		const struct ctr_zone *zone = locate(placement, shape, &place);
		__builtin_prefetch(&zone->rooms[place]);
	}
}

/* The best of one block. */
static void look_at_block(struct ctr_placement *placement, const struct ctr_shape *shape,
			  struct ctr_zone *zone, uint32_t block, struct best *best, uint32_t *ops)
{
	uint32_t first = block * CTR_ZONE_BLOCK;
	uint32_t end = first + CTR_ZONE_BLOCK < zone->count ? first + CTR_ZONE_BLOCK : zone->count;
	CTR_ASSERT(first < end);
	CTR_ASSERT(!best->zone);

	*ops += end - first;
	for (uint32_t place = first; place < end; place++)
		look(placement, shape, zone, place, best);
	if (!best->zone)
		ctr_zone_tighten(zone, block);
}

static void scan(struct ctr_placement *placement, const struct ctr_shape *shape, struct best *best,
		 uint32_t *ops)
{
	for (uint32_t i = 0; i < zone_count(shape) && !best->zone; i++) {
		struct ctr_zone *zone = get_zone(placement, shape, i);
		uint32_t blocks = ctr_zone_block_count(zone);
		uint32_t block = draw((uint32_t)ctr_prng_next(&placement->prng), blocks);
		for (uint32_t j = 0; j < blocks && !best->zone; j++) {
			++*ops;
			if (fits(&zone->bounds[block], shape))
				look_at_block(placement, shape, zone, block, best, ops);
			block = block + 1 < blocks ? block + 1 : 0;
		}
	}
}

static void look_everywhere(struct ctr_placement *placement, const struct ctr_shape *shape,
			    struct best *best, uint32_t *ops)
{
	uint32_t count = count_nodes(placement, shape);

	*ops += count < CTR_SAMPLES ? count : CTR_SAMPLES;
	if (count <= CTR_SAMPLES) {
		for (uint32_t i = 0; i < count; i++) {
			uint32_t place = i;
			const struct ctr_zone *zone = locate(placement, shape, &place);
			look(placement, shape, zone, place, best);
		}
		return;
	}
	look_at_samples(placement, shape, count, best);
	if (!best->zone)
		scan(placement, shape, best, ops);
}

struct ctr_node *ctr_placement_choose(struct ctr_placement *placement, struct ctr_line *line,
				      uint32_t *ops)
{
	struct best best = {0};
	CTR_ASSERT(line->shape->want_count > 0);
	CTR_ASSERT(line->tried < placement->freed);
	CTR_ASSERT(line->tried == 0 || line->slots == 0);

	if (line->tried == 0 || !look_at_freed(placement, line, &best, ops)) {
		look_everywhere(placement, line->shape, &best, ops);
		if (best.zone)
			line->tried = 0; /* there may be more such nodes */
	}
	return best.zone ? best.zone->nodes[best.place] : NULL;
}

/* ---- room for several ---- */

/* How many instances fit where so much is free. */
static uint32_t slots_in(const struct ctr_room *room, const struct ctr_shape *shape)
{
	uint32_t slots = UINT32_MAX;

	for (uint32_t i = 0; i < shape->want_count; i++) {
		const struct ctr_want *want = &shape->wants[i];
		uint32_t of_this = room->amount[want->dimension] / want->amount;
		if (slots > of_this)
			slots = of_this;
	}
	return slots;
}

/*
 * Whether the nodes that have more room than when it was tried cannot make up for
 * what was missing. False: that must be counted.
 */
static bool is_still_short(const struct ctr_placement *placement, struct ctr_line *line,
			   uint32_t count, uint32_t *ops)
{
	const struct ctr_list *link = placement->grown.prev;
	uint64_t slots = line->slots;

	for (uint32_t i = 0; i < FREED_LOOKS_MAX && slots < count; i++, link = link->prev) {
		const struct ctr_node *node = grown_since(placement, link, line->tried);
		if (!node) {
			line->slots = (uint32_t)slots;
			return true;
		}
		++*ops;
		if (is_in_zones(node, line->shape))
			slots += slots_in(&placement->all.rooms[node->place_all], line->shape);
	}
	return false;
}

static uint64_t count_block(struct ctr_zone *zone, const struct ctr_shape *shape, uint32_t block,
			    uint32_t *ops)
{
	uint32_t first = block * CTR_ZONE_BLOCK;
	uint32_t end = first + CTR_ZONE_BLOCK < zone->count ? first + CTR_ZONE_BLOCK : zone->count;
	uint64_t slots = 0;
	CTR_ASSERT(first < end);

	*ops += end - first;
	for (uint32_t place = first; place < end; place++)
		slots += slots_in(&zone->rooms[place], shape);
	if (slots == 0)
		ctr_zone_tighten(zone, block);
	return slots;
}

/* How many instances fit, up to `enough`. */
static uint64_t count_slots(struct ctr_placement *placement, const struct ctr_shape *shape,
			    uint32_t enough, uint32_t *ops)
{
	uint64_t slots = 0;

	for (uint32_t i = 0; i < zone_count(shape); i++) {
		struct ctr_zone *zone = get_zone(placement, shape, i);
		uint32_t blocks = ctr_zone_block_count(zone);
		for (uint32_t j = 0; j < blocks && slots < enough; j++) {
			++*ops;
			if (fits(&zone->bounds[j], shape))
				slots += count_block(zone, shape, j, ops);
		}
	}
	return slots;
}

bool ctr_placement_has_room(struct ctr_placement *placement, struct ctr_line *line, uint32_t count,
			    uint32_t *ops)
{
	CTR_ASSERT(count > 1);
	CTR_ASSERT(line->tried < placement->freed);

	if (line->tried > 0 && is_still_short(placement, line, count, ops))
		return false;
	uint64_t slots = count_slots(placement, line->shape, count, ops);
	if (slots < count) {
		line->slots = (uint32_t)slots;
		return false;
	}
	/* Nothing is known of what will be left. */
	line->tried = 0;
	line->slots = 0;
	return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * contract_lead.c - leadership: terms only rise, and an old one writes nothing.
 */
#include "contract.h"

#include <stdio.h>

static bool only_a_leader_commits(struct contract *t)
{
	struct waiter waiter = {0};
	REQUIRE(contract_fill(t, "+a=1"));
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter),
		   CENTRO_ERR_STATE);
	REQUIRE_EQ(centro_store_resign(t->store, contract_done, &waiter), CENTRO_ERR_STATE);
	REQUIRE_EQ(waiter.calls, 0);
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, ""));
	REQUIRE(contract_holds(t, "a=1;"));
	return true;
}

static bool resign(struct contract *t)
{
	struct waiter waiter = {0};
	REQUIRE_EQ(centro_store_resign(t->store, contract_done, &waiter), CENTRO_OK);
	REQUIRE(contract_wait(t, &waiter));
	REQUIRE_EQ(waiter.status, CENTRO_OK);
	return true;
}

static bool terms_rise(struct contract *t)
{
	struct waiter waiter = {0};
	for (int i = 0; i < 3; i++) {
		REQUIRE(contract_lead(t));
		REQUIRE(contract_write(t, "+a=1"));
		REQUIRE(resign(t));
		REQUIRE_EQ(centro_store_commit(t->store, t->batch, contract_done, &waiter),
			   CENTRO_ERR_STATE);
	}
	REQUIRE_EQ(waiter.calls, 0);
	return true;
}

/* t->term is kept over a reopen, and contract_lead() wants a larger one. */
static bool terms_rise_over_reopens(struct contract *t)
{
	if (!t->backend->reopen)
		return contract_skip(t, "nothing outlives this store");
	for (int i = 0; i < 4; i++) {
		REQUIRE(contract_lead(t));
		/* Resigned, left leading, and after a commit: it is all the same. */
		if (i == 1)
			REQUIRE(resign(t));
		if (i == 2)
			REQUIRE(contract_write(t, "+a=1"));
		REQUIRE(contract_reopen(t));
	}
	return true;
}

static bool one_campaign_at_a_time(struct contract *t)
{
	struct waiter first = {0}, second = {0};
	uint64_t term = 0, other = 77;
	REQUIRE_EQ(centro_store_campaign(t->store, "a", &term, contract_done, NULL, &first),
		   CENTRO_OK);
	REQUIRE_EQ(centro_store_campaign(t->store, "b", &other, contract_done, NULL, &second),
		   CENTRO_ERR_STATE);
	REQUIRE(contract_wait(t, &first));
	REQUIRE_EQ(first.status, CENTRO_OK);
	REQUIRE(term > 0);
	REQUIRE_EQ(centro_store_campaign(t->store, "b", &other, contract_done, NULL, &second),
		   CENTRO_ERR_STATE);
	REQUIRE_EQ(contract_poll(t), CENTRO_OK);
	REQUIRE_EQ(second.calls, 0);
	REQUIRE_EQ(other, 77);
	return true;
}

static bool names_have_limits(struct contract *t)
{
	char name[CENTRO_STORE_NAME_SIZE_MAX + 2];
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	struct waiter waiter = {0};
	uint64_t term = 0;
	REQUIRE_EQ(centro_store_campaign(t->store, name, &term, contract_done, NULL, &waiter),
		   CENTRO_ERR_INVALID);
	REQUIRE_EQ(centro_store_campaign(t->store, "", &term, contract_done, NULL, &waiter),
		   CENTRO_ERR_INVALID);
	REQUIRE_EQ(centro_store_campaign(t->store, NULL, &term, contract_done, NULL, &waiter),
		   CENTRO_ERR_INVALID);
	name[sizeof(name) - 2] = '\0';
	REQUIRE_EQ(centro_store_campaign(t->store, name, &term, contract_done, NULL, &waiter),
		   CENTRO_OK);
	REQUIRE(contract_wait(t, &waiter));
	REQUIRE_EQ(waiter.status, CENTRO_OK);
	return true;
}

static bool freeing_ends_a_campaign(struct contract *t)
{
	struct waiter waiter = {0};
	uint64_t term = 0;
	REQUIRE_EQ(centro_store_campaign(t->store, "a", &term, contract_done, NULL, &waiter),
		   CENTRO_OK);
	centro_store_free(t->store);
	t->store = NULL;
	REQUIRE_EQ(waiter.calls, 1);
	REQUIRE(waiter.status == CENTRO_OK || waiter.status == CENTRO_ERR_CANCELLED);
	REQUIRE((waiter.status == CENTRO_OK) == (term > 0));
	return true;
}

struct leader {
	struct waiter waiter; /* of campaign, then of commits */
	struct waiter lost;
	int calls_at_loss;
};

static void leader_done(void *arg, int status)
{
	contract_done(&((struct leader *)arg)->waiter, status);
}

static void leader_lost(void *arg, int status)
{
	struct leader *leader = arg;
	leader->calls_at_loss = leader->waiter.calls;
	contract_done(&leader->lost, status);
}

/* Another took over: nothing that is committed in the old term gets in. */
static bool the_old_term_is_fenced(struct contract *t)
{
	if (!t->backend->usurp)
		return contract_skip(t, "nobody can take over from this store");
	struct leader leader = {0};
	REQUIRE_EQ(
		centro_store_campaign(t->store, "old", &t->term, leader_done, leader_lost, &leader),
		CENTRO_OK);
	REQUIRE(contract_wait(t, &leader.waiter));
	REQUIRE(contract_write(t, "+a=old"));
	if (!t->backend->usurp(t->backend->arg, t->store))
		return contract_skip(t, "taking over needs what is missing here");

	leader.waiter = (struct waiter){0};
	REQUIRE(contract_fill(t, "+a=lost +b=lost"));
	int status = centro_store_commit(t->store, t->batch, leader_done, &leader);
	if (status == CENTRO_OK) {
		REQUIRE(contract_wait(t, &leader.waiter));
		status = leader.waiter.status;
		REQUIRE_EQ(leader.calls_at_loss, 0);
	}
	REQUIRE_EQ(status, CENTRO_ERR_FENCED);
	REQUIRE_EQ(leader.lost.calls, 1);
	REQUIRE_EQ(leader.lost.status, CENTRO_ERR_FENCED);

	leader.waiter = (struct waiter){0};
	REQUIRE_EQ(centro_store_commit(t->store, t->batch, leader_done, &leader),
		   CENTRO_ERR_FENCED);
	for (int i = 0; i < 3; i++)
		REQUIRE_EQ(contract_poll(t), CENTRO_OK);
	REQUIRE_EQ(leader.lost.calls, 1);
	REQUIRE_EQ(leader.waiter.calls, 0);
	REQUIRE(contract_holds(t, "a=old;"));

	/* And it may lead again, in a newer term. */
	centro_batch_clear(t->batch);
	REQUIRE(contract_lead(t));
	REQUIRE(contract_write(t, "+a=again"));
	REQUIRE(contract_holds(t, "a=again;"));
	return true;
}

static bool it_says_what_it_is(struct contract *t)
{
	REQUIRE(centro_store_name(t->store)[0] != '\0');
	REQUIRE_EQ(strcmp(centro_store_failure(t->store), ""), 0);
	bool durable = centro_store_caps(t->store) & CENTRO_STORE_DURABLE;
	REQUIRE(!durable || t->backend->reopen);
	struct centro_instant wake = {1};
	REQUIRE_EQ(centro_store_poll(t->store, contract_now(), &wake), CENTRO_OK);
	/* With nothing under way there is nothing to be woken for. */
	REQUIRE_EQ(wake.ns == CENTRO_INSTANT_NEVER_NS, true);
	return true;
}

const struct contract_case contract_lead_cases[] = {
	{"lead: only a leader commits", only_a_leader_commits},
	{"lead: terms rise", terms_rise},
	{"lead: terms rise over reopens", terms_rise_over_reopens},
	{"lead: one campaign at a time", one_campaign_at_a_time},
	{"lead: names have limits", names_have_limits},
	{"lead: freeing ends a campaign", freeing_ends_a_campaign},
	{"lead: the old term is fenced", the_old_term_is_fenced},
	{"lead: it says what it is", it_says_what_it_is},
	{NULL, NULL},
};

/* SPDX-License-Identifier: MIT */
/*
 * job_list.c - JobService.List: newest first, live jobs and history as one list.
 *
 * A page is made from three places: the live jobs, then those in history, which
 * the engine reads from the store (and from what has ended and is not written
 * yet). Ids only fall, so the two are merged as they come; a job that ends while
 * the page is being made is shown once, as it was when it was live. The token
 * of the next page is the last id that was looked at.
 */
#include "service/job_filter.h"
#include "service/job_read.h"
#include "service/methods.h"

#define PAGE_SIZE_DEFAULT 100
#define PAGE_SIZE_MAX     1000
#define LOOKED_AT_MAX     20000 /* in one call, when a filter passes over most */
#define PAGE_BYTES_MAX    (2 * 1024 * 1024)
#define FIELD_JOBS        1
#define FIELD_TOKEN       2

/* One job of the page, encoded. */
struct entry {
	centro_job_id id;
	size_t offset, size; /* in list.bytes */
};

struct list {
	struct ctr_history_read history;
	struct ctr_service *service;
	struct ctr_rpc *rpc; /* NULL: the call has closed */
	struct ctr_job_filter filter;
	uint32_t page_size;
	struct entry *live, *ended;
	size_t live_count, ended_count;
	struct ctr_buf bytes;
	centro_job_id live_reached;  /* live jobs at and above it have been looked at */
	centro_job_id ended_reached; /* the same in history; 0: all */
	uint32_t rows_seen;          /* of history */
	int error;
};

static void list_free(struct list *list)
{
	const struct centro_allocator *allocator = list->service->allocator;
	ctr_job_filter_fini(&list->filter);
	ctr_buf_fini(&list->bytes);
	ctr_free(allocator, list->live);
	ctr_free(allocator, list->ended);
	ctr_free(allocator, list);
}

static int list_new(struct ctr_rpc *rpc, const Centro__V1__JobListRequest *request,
		    struct list **ret_list)
{
	struct ctr_service *service = rpc->service;
	struct list *list = ctr_alloc_zero(service->allocator, sizeof(*list));
	if (!list)
		return CENTRO_ERR_NOMEM;
	list->service = service;
	list->rpc = rpc;
	list->page_size = request->page_size ? request->page_size : PAGE_SIZE_DEFAULT;
	ctr_buf_init(&list->bytes, service->allocator, 0);
	list->live = ctr_alloc_array(service->allocator, list->page_size, sizeof(struct entry));
	list->ended = ctr_alloc_array(service->allocator, list->page_size, sizeof(struct entry));
	int error = ctr_job_filter_init(&list->filter, service->allocator, request);
	if (!error && (!list->live || !list->ended))
		error = CENTRO_ERR_NOMEM;
	if (error) {
		list_free(list);
		return error;
	}
	*ret_list = list;
	return CENTRO_OK;
}

static int collect_live(struct list *list, centro_job_id below)
{
	const struct ctr_core *core = ctr_engine_core(list->service->engine);
	const struct ctr_job *job;
	uint32_t looked_at = 0;
	list->live_reached = below;
	while (list->live_count < list->page_size && looked_at++ < LOOKED_AT_MAX &&
	       list->bytes.size < PAGE_BYTES_MAX) {
		job = ctr_core_job_below(core, list->live_reached);
		if (!job) {
			list->live_reached = 0;
			return CENTRO_OK;
		}
		list->live_reached = job->id;
		if (!ctr_job_filter_passes_live(&list->filter, job))
			continue;
		size_t offset = list->bytes.size;
		int error = ctr_job_encode_answer(list->service, job, &list->bytes);
		if (error)
			return error;
		list->live[list->live_count++] =
			(struct entry){ job->id, offset, list->bytes.size - offset };
	}
	return CENTRO_OK;
}

/* One row of history; nonzero: the page is full. */
static int history_row(struct ctr_history_read *read, centro_job_id id, struct centro_bytes bytes)
{
	struct list *list = CTR_CONTAINER_OF(read, struct list, history);
	struct ctr_service *service = list->service;
	struct centro_error_text text;
	ProtobufCMessage *job;
	list->ended_reached = id;
	list->rows_seen++;
	ctr_arena_reset(&service->arena, ctr_message_arena_bytes(bytes.size));
	if (ctr_message_decode(&centro__v1__job__descriptor, bytes, &service->arena, &job, &text) !=
	    CENTRO_OK) {
		ctr_log_error(service->log, "history record not readable job=%llu",
			      (unsigned long long)id);
		return 0;
	}
	if (!ctr_job_filter_passes_record(&list->filter, (const Centro__V1__Job *)job))
		return 0;
	size_t offset = list->bytes.size;
	list->error = ctr_buf_append_bytes(&list->bytes, bytes);
	if (list->error)
		return 1;
	list->ended[list->ended_count++] = (struct entry){ id, offset, bytes.size };
	return list->ended_count == list->page_size || list->bytes.size >= PAGE_BYTES_MAX;
}

static int append_entry(struct list *list, const struct entry *entry)
{
	return ctr_message_append_field(&list->rpc->response, FIELD_JOBS,
					ctr_bytes(list->bytes.data + entry->offset, entry->size));
}

/* Merge by falling id down to where both sources were looked at. */
static int merge(struct list *list)
{
	centro_job_id floor = list->live_reached > list->ended_reached ? list->live_reached
								       : list->ended_reached;
	size_t l = 0, e = 0;
	uint32_t count = 0;
	int error = CENTRO_OK;
	while (!error && count < list->page_size) {
		centro_job_id live = l < list->live_count ? list->live[l].id : 0;
		centro_job_id ended = e < list->ended_count ? list->ended[e].id : 0;
		centro_job_id id = live > ended ? live : ended;
		if (id == 0 || id < floor)
			break;
		error = append_entry(list, id == live ? &list->live[l] : &list->ended[e]);
		l += id == live;
		e += id == ended;
		count++;
		if (count == list->page_size)
			floor = id;
	}
	if (error || floor <= 1)
		return error;
	ctr_buf_clear(&list->service->scratch);
	error = ctr_buf_append_u64(&list->service->scratch, floor);
	return error ? error
		     : ctr_message_append_field(&list->rpc->response, FIELD_TOKEN,
						ctr_buf_bytes(&list->service->scratch));
}

static void list_answer(struct list *list, int status)
{
	struct ctr_rpc *rpc = list->rpc;
	if (rpc) {
		rpc->state = NULL;
		if (status == CENTRO_OK)
			status = list->error ? list->error : merge(list);
		ctr_rpc_reply(rpc, status);
	}
	list_free(list);
}

/* `status` 1: history_row() said stop. */
static void history_done(struct ctr_history_read *read, int status)
{
	struct list *list = CTR_CONTAINER_OF(read, struct list, history);
	bool is_full = list->ended_count == list->page_size || list->bytes.size >= PAGE_BYTES_MAX;
	if (status > 0)
		status = CENTRO_OK;
	else if (status == CENTRO_OK && !is_full && list->rows_seen < LOOKED_AT_MAX)
		list->ended_reached = 0;
	list_answer(list, status);
}

static void read_history(struct list *list, centro_job_id below)
{
	list->history.id_below = below == UINT64_MAX ? 0 : below;
	list->history.rows_max = LOOKED_AT_MAX;
	list->history.row = history_row;
	list->history.fn = history_done;
	ctr_engine_read_history(list->service->engine, &list->history);
}

static int check_request(struct ctr_rpc *rpc, const Centro__V1__JobListRequest *request,
			 centro_job_id *ret_below)
{
	*ret_below = request->id_max && request->id_max < UINT64_MAX ? request->id_max + 1
								    : UINT64_MAX;
	if (request->page_size > PAGE_SIZE_MAX)
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID, "page_size: %u; at most %d",
				     request->page_size, PAGE_SIZE_MAX);
	if (request->page_token[0] &&
	    !ctr_parse_u64(ctr_bytes_str(request->page_token), ret_below))
		return ctr_rpc_error(rpc, CENTRO_ERR_INVALID,
				     "page_token: not one that this method gave");
	if (!ctr_engine_core(rpc->service->engine))
		return ctr_rpc_error(rpc, CENTRO_ERR_UNAVAILABLE, "the server is loading its store");
	return CENTRO_OK;
}

static int job_list(struct ctr_rpc *rpc, const ProtobufCMessage *message)
{
	const Centro__V1__JobListRequest *request = (const Centro__V1__JobListRequest *)message;
	centro_job_id below;
	int status = check_request(rpc, request, &below);
	if (status != CENTRO_OK)
		return status;
	struct list *list;
	status = list_new(rpc, request, &list);
	if (status == CENTRO_ERR_INVALID)
		return ctr_rpc_error(rpc, status, "a time is before 1970, or too far off");
	if (status != CENTRO_OK)
		return ctr_rpc_error(rpc, status, "out of memory");
	rpc->state = list;
	list->error = collect_live(list, below);
	if (list->error || !ctr_job_filter_wants_ended(&list->filter))
		list_answer(list, CENTRO_OK);
	else
		read_history(list, below);
	return CTR_RPC_LATER;
}

/* The read cannot be taken back: it ends by itself, and frees the list. */
static void list_closed(struct ctr_rpc *rpc)
{
	struct list *list = rpc->state;
	if (list)
		list->rpc = NULL;
	rpc->state = NULL;
}

const struct ctr_method ctr_method_job_list = {
	.path = "/centro.v1.JobService/List",
	.request = &centro__v1__job_list_request__descriptor,
	.request_message = job_list,
	.closed = list_closed,
};

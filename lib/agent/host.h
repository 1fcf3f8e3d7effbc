/* SPDX-License-Identifier: MIT */
#ifndef CTR_AGENT_HOST_H
#define CTR_AGENT_HOST_H

/*
 * What the brain of an agent asks of the machine that it runs on. lib/io
 * implements it with shims and files; a simulator, with nothing.
 *
 * An attempt has a handle, never 0, from prepare() or from its adoption until
 * forget().
 */

#include <centro/error.h>
#include <centro/job.h>

enum ctr_log_stream {
	CTR_LOG_OUT = 1, /* as in the schema */
	CTR_LOG_ERR = 2,
};

/* What is to be run, everything filled in. Borrowed for the call. */
struct ctr_attempt_spec {
	struct centro_attempt_ref ref;
	const char *const *argv; /* at least one */
	size_t argc;
	const char *const *env; /* "NAME=value" each */
	size_t envc;
	const char *working_dir; /* "": a directory of its own */
	struct centro_span lease;
	struct centro_span lease_notice; /* TERM comes so long before the lease ends */
	struct centro_span time_limit;   /* 0: none */
	struct centro_span kill_grace;
};

#define CTR_ATTEMPT_MESSAGE_SIZE 256

struct ctr_attempt_end {
	enum centro_cause cause;
	int32_t exit_code; /* 128 + signal, if one ended it */
	uint32_t signal;
	struct centro_instant start_wall;       /* 0: it never started */
	struct centro_instant end_wall;         /* 0: not known */
	char message[CTR_ATTEMPT_MESSAGE_SIZE]; /* for people; UTF-8; may be "" */
};

/* One that an earlier agent left behind. */
struct ctr_adopted_attempt {
	struct centro_attempt_ref ref;
	uint32_t handle;
	struct centro_span lease, kill_grace;
	bool has_ended;
	struct centro_instant start_wall; /* 0: not known to have started */
	struct ctr_attempt_end end;       /* if it has ended */
};

/* All are required, and may be called from inside any call of the brain's. */
struct ctr_agent_host {
	size_t size; /* sizeof(struct ctr_agent_host) */

	/*
	 * Leave a mark that outlives the agent, and get ready. Nothing runs yet.
	 *
	 * @retval CENTRO_ERR_EXISTS  it was here before
	 * @retval CENTRO_ERR_LIMIT, _IO, _NOMEM, with text
	 */
	int (*prepare)(void *arg, const struct ctr_attempt_spec *spec, uint32_t *ret_handle,
		       struct centro_error_text *text);
	/*
	 * Run what was prepared; once only. `lease_end` on the steady clock. That it
	 * started and ended follows by ctr_agent_started() and _ended(), not from
	 * inside. On an error nothing follows: forget it.
	 */
	int (*start)(void *arg, uint32_t handle, struct centro_instant lease_end,
		     struct centro_error_text *text);
	/* Of what was started: never earlier than before. */
	void (*set_lease)(void *arg, uint32_t handle, struct centro_instant lease_end);
	/* TERM, and KILL after the grace. Again: only to make it sooner. */
	void (*kill)(void *arg, uint32_t handle, enum centro_cause cause, struct centro_span grace);
	/* It does not run: was never started, or has ended. Its output may be kept for a while. */
	void (*forget)(void *arg, uint32_t handle);

	/*
	 * Output, also of attempts that are forgotten: what is there of `stream` from
	 * `offset` on, up to `size` bytes. *ret_size is 0 at the present end.
	 *
	 * @retval CENTRO_ERR_NOT_FOUND  it is not kept (any more)
	 * @retval CENTRO_ERR_IO
	 */
	int (*read_log)(void *arg, const struct centro_attempt_ref *ref, enum ctr_log_stream stream,
			uint64_t offset, uint8_t *buffer, size_t size, size_t *ret_size);
	int (*get_log_size)(void *arg, const struct centro_attempt_ref *ref,
			    enum ctr_log_stream stream, uint64_t *ret_bytes);
};

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CENTRO_REPLAY_H
#define CENTRO_REPLAY_H

/**
 * @file
 * What a server recorded (see centro/server.h), given to a scheduler once more: the
 * same inputs at the same times lead to the same states, which is checked after
 * each of them.
 *
 * You read the file, piece by piece. Nothing here blocks, does I/O or reads a clock.
 *
 * Threads: a replay belongs to one thread at a time.
 */

#include <centro/alloc.h>
#include <centro/error.h>
#include <centro/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct centro_replay;

/** Start from CENTRO_REPLAY_OPTIONS_INIT; unset fields keep the default. */
struct centro_replay_options {
	size_t size;                              /**< sizeof this struct */
	const struct centro_allocator *allocator; /**< default: malloc and free */
	uint64_t inputs_max;                      /**< be done after so many; default: all */
	bool keep_going;                          /**< also behind a difference */
	bool has_seed;                            /**< `seed` instead of what was recorded */
	uint64_t seed;
	void *arg;
	/**
	 * Optional: a line for people, without its end, of each input and of each
	 * event that it led to. What came from outside is escaped. Borrowed for the call.
	 */
	void (*line)(void *arg, const char *line);
};
#define CENTRO_REPLAY_OPTIONS_INIT                           \
	{                                                    \
		.size = sizeof(struct centro_replay_options) \
	}

/** @retval CENTRO_ERR_INVALID, _ABI, _NOMEM */
CENTRO_API int centro_replay_new(const struct centro_replay_options *options,
				 struct centro_replay **ret_replay);
/** NULL is allowed. */
CENTRO_API void centro_replay_free(struct centro_replay *replay);

/**
 * The next bytes of the file. Bytes behind the point where the replay was done are
 * not looked at. After an error the replay only answers questions.
 *
 * @retval CENTRO_ERR_INVALID  not a recording
 * @retval CENTRO_ERR_VERSION  a recording of another version
 * @retval CENTRO_ERR_CORRUPT  damaged; `text` says where and how
 * @retval CENTRO_ERR_NOMEM
 */
CENTRO_API int centro_replay_feed(struct centro_replay *replay, struct centro_bytes bytes,
				  struct centro_error_text *text);
/** There are no more bytes. INVALID: not even the first line was there. */
CENTRO_API int centro_replay_end(struct centro_replay *replay, struct centro_error_text *text);

enum centro_replay_state {
	CENTRO_REPLAY_GOING,    /**< more bytes may come */
	CENTRO_REPLAY_ENDED,    /**< the recording's own end */
	CENTRO_REPLAY_CUT_OFF,  /**< the file ended first; all that is whole was replayed */
	CENTRO_REPLAY_STOPPED,  /**< after inputs_max */
	CENTRO_REPLAY_DIVERGED, /**< something else came of an input: see below */
	CENTRO_REPLAY_BROKEN,   /**< a call ended with an error */
};

struct centro_replay_report {
	size_t size; /**< sizeof this struct, set by the caller */
	enum centro_replay_state state;
	uint64_t inputs;   /**< replayed, that which diverged included */
	uint64_t sections; /**< a start and each time the store was read anew */
	uint64_t commands;
	uint64_t skipped; /**< commands for which the server had no memory */
	uint64_t events;
	uint64_t jobs_submitted, jobs_live, nodes;
	struct centro_instant first_wall, last_wall; /**< of inputs that have a time; 0: none */
	uint64_t place;                              /**< in the file, behind the last record */
	uint64_t bytes_left;                         /**< after that, of a file that was cut off */
	uint64_t hash;                               /**< of the state; 0: there is none */
	/** How often something else came of an input; without keep_going once at the most. */
	uint64_t differences;
	/** The first of these: which input, in a line, and what differs; else NULL. */
	uint64_t input;
	struct centro_error_text input_text;
	const char *difference; /**< "status", "answer", "more to do", "hash"; a static string */
	int status_recorded, status_found;
	uint64_t hash_recorded, hash_found;
};
/** @retval CENTRO_ERR_ABI */
CENTRO_API int centro_replay_get_report(const struct centro_replay *replay,
					struct centro_replay_report *ret_report);

/**
 * Every invariant of the state as it is now, from scratch.
 *
 * @retval CENTRO_ERR_STATE     nothing is loaded
 * @retval CENTRO_ERR_INTERNAL  `text` says what is broken
 */
CENTRO_API int centro_replay_check(const struct centro_replay *replay,
				   struct centro_error_text *text);
/** Why each job waits that waits, newest first. `text` is borrowed for the call. */
CENTRO_API void centro_replay_explain(const struct centro_replay *replay,
				      void (*job)(void *arg, centro_job_id id, const char *text),
				      void *arg);

#ifdef __cplusplus
}
#endif
#endif

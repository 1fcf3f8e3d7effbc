/* SPDX-License-Identifier: MIT */
#ifndef CTR_IO_SHIM_ABI_H
#define CTR_IO_SHIM_ABI_H

/*
 * What an agent and its shims share, and all that a shim knows of Centro.
 *
 * A shim is started in its attempt's directory with three descriptors at fixed
 * numbers, all signals blocked, and /dev/null as its standard streams. It runs
 * one command, and outlives the agent: whatever the two tell one another stands
 * in files.
 *
 * The record. One file, whose name says how far the attempt is. Each step is a
 * rename, so that of two who want to take it exactly one can:
 *
 *	claimed  made by the agent: what to run
 *	running  renamed by the shim, which has written who it is, before it
 *	         starts the command
 *	ended    renamed by the shim when nothing of the attempt is left, with how
 *	         it ended written and synced; or by an agent that finds an attempt
 *	         claimed and never started, which no shim can start after that
 *
 * The end is written into room that the agent reserved and carries a checksum:
 * a full disk does not lose an exit code, and one fsync is enough.
 *
 * The slot. 32 bytes of the file "leases", mapped by both: the agent writes
 * when the lease ends, and orders; the shim reads it when its timer fires and
 * when it gets CTR_SHIM_SIGNAL. An agent that is stopped or dead extends nothing.
 *
 * Numbers are in the machine's own order: both sides run on one machine.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CTR_SHIM_MAGIC  UINT32_C(0x4d524843) /* "CHRM" */
#define CTR_SHIM_ABI    UINT32_C(1)
#define CTR_SHIM_SIGNAL SIGUSR1 /* "look at your slot" */

/* Descriptors that a shim is started with. */
enum ctr_shim_fd {
	CTR_SHIM_FD_DIR = 3,    /* the attempt's directory */
	CTR_SHIM_FD_LEASES = 4, /* the file of slots */
	CTR_SHIM_FD_WAKE = 5,   /* a pipe: the slot's number, u32, when the command has started */
	CTR_SHIM_FD_END,
};

/* In the attempt's directory. */
#define CTR_SHIM_CLAIMED "claimed"
#define CTR_SHIM_RUNNING "running"
#define CTR_SHIM_ENDED   "ended"
#define CTR_SHIM_OUT     "out"
#define CTR_SHIM_ERR     "err"
#define CTR_SHIM_WORK    "work" /* where the command runs unless it says where */

#define CTR_SHIM_STRINGS_MAX 65536 /* of argv, and of the environment */

/* The causes that a shim can find, numbered as in enum centro_cause. */
enum ctr_shim_cause {
	CTR_SHIM_EXITED = 1,
	CTR_SHIM_SIGNALLED = 2,
	CTR_SHIM_TIME_LIMIT = 4,
	CTR_SHIM_START_FAILED = 6,
	CTR_SHIM_LEASE_EXPIRED = 8,
};

/* What could not be done on the way to the command: X(name, what it tried) */
#define CTR_SHIM_STEP_MAP(X)                                 \
	X(NONE, "start the command")                         \
	X(RECORD, "read the record of the attempt")          \
	X(OUTPUT, "open the files for output")               \
	X(WORK, "make the working directory of the attempt") \
	X(FORK, "start a process")                           \
	X(SESSION, "start a session")                        \
	X(CHDIR, "enter the working directory")              \
	X(LIMITS, "set limits and privileges")               \
	X(EXEC, "run the command")

enum ctr_shim_step {
#define X(name, text) CTR_SHIM_STEP_##name,
	CTR_SHIM_STEP_MAP(X)
#undef X
		CTR_SHIM_STEP_COUNT
};

/* By the agent, when it makes the record. */
struct ctr_shim_spec {
	uint64_t job; /* whose it is, for the agent */
	uint32_t task, index, attempt;
	uint32_t slot;
	uint64_t lease_ns;        /* its length, for the agent */
	uint64_t lease_notice_ns; /* TERM comes so long before the lease ends, KILL when it ends */
	uint64_t time_limit_ns;   /* from the start of the command; 0: none */
	uint64_t kill_grace_ns;   /* between TERM and KILL */
	uint32_t argc, envc;
	uint32_t text_bytes; /* behind the head: working directory ("": its own), argv, env */
	uint32_t unused;
};

/* By the shim, before the record is called "running". */
struct ctr_shim_identity {
	uint32_t pid;
	uint32_t unused;
	uint64_t start_ticks; /* field 22 of /proc/PID/stat */
};

/* By the shim, before the record is called "ended". */
struct ctr_shim_end {
	uint32_t magic;
	uint32_t cause; /* of enum centro_cause */
	int32_t exit_code;
	uint32_t signal;
	uint32_t step;          /* start_failed: of enum ctr_shim_step … */
	int32_t error;          /* … and errno */
	uint64_t start_wall_ns; /* 0: never started */
	uint64_t end_wall_ns;
	uint64_t user_us, system_us; /* processor time of all its processes that were waited for */
	uint64_t memory_kib_max;     /* of the largest of them */
	uint64_t checksum;           /* of all above; see ctr_shim_checksum() */
};

#define CTR_SHIM_RECORD_BYTES 512

/* The head of the record. The strings stand behind it. */
struct ctr_shim_record {
	uint32_t magic, abi;
	uint8_t boot_id[16]; /* of the boot that it was made in */
	struct ctr_shim_spec spec;
	struct ctr_shim_identity identity;
	struct ctr_shim_end end;
	uint8_t reserved[CTR_SHIM_RECORD_BYTES - 24 - sizeof(struct ctr_shim_spec) -
			 sizeof(struct ctr_shim_identity) - sizeof(struct ctr_shim_end)];
};
_Static_assert(sizeof(struct ctr_shim_record) == CTR_SHIM_RECORD_BYTES, "the head has one size");

/* Every word is read and written whole, with acquire and release. */
struct ctr_shim_slot {
	uint64_t lease_end_ns; /* CLOCK_BOOTTIME; UINT64_MAX: never. By the agent, only upwards */
	uint64_t order;        /* 0: none; see ctr_shim_order(). By the agent */
	uint64_t started_wall_ns; /* 0: the command has not started. By the shim */
	uint64_t unused;
};

/* A shim maps the part that its slot lies in, whatever the size of a page. */
#define CTR_SHIM_MAP_BYTES UINT64_C(65536)

/* End the attempt: TERM now, KILL after the grace. `cause` of enum centro_cause, not 0. */
static inline uint64_t ctr_shim_order(uint32_t cause, uint64_t grace_ns)
{
	uint64_t grace_ms = grace_ns / UINT64_C(1000000);
	if (grace_ms > UINT32_MAX)
		grace_ms = UINT32_MAX;
	return (uint64_t)cause << 32 | grace_ms;
}

static inline uint32_t ctr_shim_order_cause(uint64_t order)
{
	return (uint32_t)(order >> 32);
}

static inline uint64_t ctr_shim_order_grace_ns(uint64_t order)
{
	return (order & UINT32_MAX) * UINT64_C(1000000);
}

/* FNV-1a: tells a whole end from a torn one, not from a forged one. */
static inline uint64_t ctr_shim_checksum(const struct ctr_shim_end *end)
{
	const uint8_t *bytes = (const uint8_t *)end;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < offsetof(struct ctr_shim_end, checksum); i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static inline bool ctr_shim_end_is_whole(const struct ctr_shim_end *end)
{
	return end->magic == CTR_SHIM_MAGIC && end->checksum == ctr_shim_checksum(end);
}

#endif

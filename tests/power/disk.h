/* SPDX-License-Identifier: MIT */
#ifndef POWER_DISK_H
#define POWER_DISK_H

/*
 * A model of a disk with one file store on it: what is certainly there, and what
 * was written and not synced, of which a power cut may leave any part.
 *
 * It knows sectors of 512 bytes, which are written whole or not at all, and no
 * order between writes: a disk and a file system may delay any of them until a
 * sync of that file, or of that directory, says otherwise. What was under way when
 * a sync failed is in limbo: the system thinks it written, no later sync writes it
 * again, and the disk may have it or not, until the sector is written anew.
 */

#include "base/prng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_SECTOR_SIZE 512
/* That were ever made under one name or another. */
#define DISK_FILES_MAX 16

enum disk_name {
	DISK_DATA,      /* data.mdb */
	DISK_NEW,       /* new.mdb */
	DISK_LOCK,      /* lock */
	DISK_LMDB_LOCK, /* lock.mdb */
	DISK_NAME_COUNT,
};
extern const char *const disk_names[DISK_NAME_COUNT];

/* What had been promised at a point of a log; see life.h. */
struct promise {
	uint32_t acked, begun; /* numbers of states */
	uint64_t term_acked, term_begun;
};

enum disk_op_type {
	DISK_MKDIR,
	DISK_SYNC_PARENT,
	DISK_LINK,   /* `name` is `file`; -1: unlinked */
	DISK_RENAME, /* `name` is `file`, and `old_name` is none */
	DISK_SYNC_DIR,
	DISK_WRITE,
	DISK_RESIZE,
	DISK_SYNC,
	DISK_PROMISE,
};

struct disk_op {
	enum disk_op_type type;
	enum disk_name name, old_name;
	int file;
	uint64_t offset; /* of a write; the new size */
	size_t size;
	uint8_t *data; /* the log's */
	bool durable;  /* a write that syncs itself */
	bool failed;   /* a sync, or such a write */
	struct promise promise;
};

/* What happened, in order. */
struct disk_log {
	struct disk_op *ops;
	size_t count, room;
};
void disk_log_fini(struct disk_log *log);
/* `op.data` is copied. */
void disk_log_add(struct disk_log *log, struct disk_op op);

/* Something that may have reached the disk, or not. */
struct disk_piece;

struct disk_file {
	uint8_t *bytes;
	size_t size, room;
};

struct disk {
	bool made; /* the directory */
	int names[DISK_NAME_COUNT];
	struct disk_file files[DISK_FILES_MAX];
	int file_count;
	struct disk_piece *pieces; /* in order */
	size_t piece_count, piece_room;
	uint32_t op_count; /* applied */
	struct promise promise;
};

/* Nothing is there, not even the directory. */
void disk_init(struct disk *disk);
void disk_fini(struct disk *disk);
void disk_copy(struct disk *to, const struct disk *from);

/* One more thing happened. The log it is from outlives the disk. */
void disk_apply(struct disk *disk, const struct disk_op *op);

/* What a power cut leaves of what was not synced. */
#define DISK_CUTS(X)                                           \
	X(KEPT, "kept")                                        \
	X(DROPPED, "dropped")                                  \
	X(OPS, "calls")   /* each call whole, or not at all */ \
	X(TORN, "torn")   /* each sector */                    \
	X(MIXED, "mixed") /* and an older write may win over a newer one */
enum disk_cut {
#define X(id, name) DISK_CUT_##id,
	DISK_CUTS(X)
#undef X
		DISK_CUT_COUNT,
};
const char *disk_cut_name(enum disk_cut cut);

/* How much is not synced, but for the locks, which nobody syncs or relies on. */
size_t disk_pieces(const struct disk *disk);
/* What is there after it: `ret_image`, which has been initialised, has no pieces. */
void disk_cut(const struct disk *disk, enum disk_cut cut, struct ctr_prng *prng,
	      struct disk *ret_image);
/* What the system shows while the power is on: everything. */
int disk_cached_name(const struct disk *disk, enum disk_name name);

/* Make the directory `path` hold what `image` does; nothing if it is not made. */
void disk_write(const struct disk *image, const char *path, struct ctr_prng *prng);
/* Remove it with what a store leaves in it. */
void disk_remove(const char *path);

#endif

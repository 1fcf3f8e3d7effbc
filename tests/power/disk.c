/* SPDX-License-Identifier: MIT */
/*
 * disk.c - what is on a disk, and what may be, while a store is written.
 *
 * Invariants: pieces stand in the order in which they were written; those in limbo
 * stand before every other one of the same sector that is not; a piece of bytes
 * lies in one sector.
 */
#include "disk.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum piece_type {
	PIECE_MADE,
	PIECE_NAME,
	PIECE_BYTES,
	PIECE_SIZE,
};

struct disk_piece {
	enum piece_type type;
	enum disk_name name;
	int file;
	uint32_t op;     /* pieces of one call have one number */
	uint64_t offset; /* or the new size */
	size_t size;
	const uint8_t *data;
	bool limbo;
};

const char *const disk_names[DISK_NAME_COUNT] = {"data.mdb", "new.mdb", "lock", "lock.mdb"};

const char *disk_cut_name(enum disk_cut cut)
{
	static const char *const names[] = {
#define X(id, name) name,
		DISK_CUTS(X)
#undef X
	};
	return names[cut];
}

/* ---- the log ----------------------------------------------------- */

/* Room for `count` elements of `size`, and more to come. */
static void *reserve(void *array, size_t count, size_t size, size_t *room)
{
	if (count <= *room)
		return array;
	*room = count * 2;
	array = realloc(array, *room * size);
	ck_assert_ptr_nonnull(array);
	return array;
}

void disk_log_add(struct disk_log *log, struct disk_op op)
{
	if (op.data) {
		uint8_t *copy = malloc(op.size + 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, op.data, op.size);
		op.data = copy;
	}
	log->ops = reserve(log->ops, log->count + 1, sizeof(op), &log->room);
	log->ops[log->count++] = op;
}

void disk_log_fini(struct disk_log *log)
{
	for (size_t i = 0; i < log->count; i++)
		free(log->ops[i].data);
	free(log->ops);
	*log = (struct disk_log){0};
}

/* ---- a disk ------------------------------------------------------ */

void disk_init(struct disk *disk)
{
	*disk = (struct disk){0};
	for (int i = 0; i < DISK_NAME_COUNT; i++)
		disk->names[i] = -1;
}

void disk_fini(struct disk *disk)
{
	for (int i = 0; i < DISK_FILES_MAX; i++)
		free(disk->files[i].bytes);
	free(disk->pieces);
	disk_init(disk);
}

/* What is new reads as zeros, and what is cut off is gone. */
static void resize(struct disk_file *file, size_t size)
{
	file->bytes = reserve(file->bytes, size + 1, 1, &file->room);
	if (size > file->size)
		memset(file->bytes + file->size, 0, size - file->size);
	file->size = size;
}

static void copy_content(struct disk *to, const struct disk *from)
{
	to->made = from->made;
	memcpy(to->names, from->names, sizeof(to->names));
	to->file_count = from->file_count;
	to->promise = from->promise;
	for (int i = 0; i < from->file_count; i++) {
		to->files[i].size = 0;
		resize(&to->files[i], from->files[i].size);
		if (from->files[i].size > 0)
			memcpy(to->files[i].bytes, from->files[i].bytes, from->files[i].size);
	}
}

void disk_copy(struct disk *to, const struct disk *from)
{
	copy_content(to, from);
	to->pieces = reserve(to->pieces, from->piece_count, sizeof(*to->pieces), &to->piece_room);
	if (from->piece_count > 0)
		memcpy(to->pieces, from->pieces, from->piece_count * sizeof(*to->pieces));
	to->piece_count = from->piece_count;
	to->op_count = from->op_count;
}

size_t disk_pieces(const struct disk *disk)
{
	int lock = disk_cached_name(disk, DISK_LOCK);
	int lmdb_lock = disk_cached_name(disk, DISK_LMDB_LOCK);
	size_t count = 0;
	for (size_t i = 0; i < disk->piece_count; i++) {
		const struct disk_piece *piece = &disk->pieces[i];
		count += piece->file < 0 || (piece->file != lock && piece->file != lmdb_lock);
	}
	return count;
}

/* The piece has reached the disk. */
static void place(struct disk *disk, const struct disk_piece *piece)
{
	struct disk_file *file = &disk->files[piece->file >= 0 ? piece->file : 0];
	switch (piece->type) {
	case PIECE_MADE:
		disk->made = true;
		break;
	case PIECE_NAME:
		disk->names[piece->name] = piece->file;
		break;
	case PIECE_BYTES:
		if (piece->offset + piece->size > file->size)
			resize(file, piece->offset + piece->size);
		memcpy(file->bytes + piece->offset, piece->data, piece->size);
		break;
	case PIECE_SIZE:
		resize(file, piece->offset);
		break;
	}
}

/* ---- what happens ------------------------------------------------ */

static void push(struct disk *disk, struct disk_piece piece)
{
	piece.op = disk->op_count;
	disk->pieces =
		reserve(disk->pieces, disk->piece_count + 1, sizeof(piece), &disk->piece_room);
	disk->pieces[disk->piece_count++] = piece;
}

static void push_name(struct disk *disk, enum disk_name name, int file)
{
	push(disk, (struct disk_piece){.type = PIECE_NAME, .name = name, .file = file});
	if (file >= disk->file_count)
		disk->file_count = file + 1;
}

static void push_bytes(struct disk *disk, const struct disk_op *op)
{
	for (size_t done = 0, size; done < op->size; done += size) {
		uint64_t offset = op->offset + done;
		size = DISK_SECTOR_SIZE - offset % DISK_SECTOR_SIZE;
		if (size > op->size - done)
			size = op->size - done;
		push(disk, (struct disk_piece){
				   .type = PIECE_BYTES,
				   .file = op->file,
				   .offset = offset,
				   .size = size,
				   .data = op->data + done,
			   });
	}
}

/* A range of sectors of a file, and whether its size is meant as well. */
struct range {
	int file;
	uint64_t first, end;
	bool whole;
};

static struct range range_of(const struct disk_op *op)
{
	if (op->type == DISK_SYNC)
		return (struct range){op->file, 0, UINT64_MAX, true};
	return (struct range){
		.file = op->file,
		.first = op->offset / DISK_SECTOR_SIZE,
		.end = (op->offset + op->size + DISK_SECTOR_SIZE - 1) / DISK_SECTOR_SIZE,
	};
}

static bool is_in(const struct range *range, const struct disk_piece *piece)
{
	if (piece->file != range->file)
		return false;
	if (piece->type == PIECE_SIZE)
		return range->whole;
	uint64_t sector = piece->offset / DISK_SECTOR_SIZE;
	return piece->type == PIECE_BYTES && sector >= range->first && sector < range->end;
}

/* Written anew since it got into limbo, and with it its whole sector. */
static bool is_renewed(const struct disk *disk, size_t index)
{
	const struct disk_piece *piece = &disk->pieces[index];
	for (size_t i = index + 1; i < disk->piece_count; i++) {
		const struct disk_piece *other = &disk->pieces[i];
		if (other->type == PIECE_BYTES && other->file == piece->file && !other->limbo &&
		    other->offset / DISK_SECTOR_SIZE == piece->offset / DISK_SECTOR_SIZE)
			return true;
	}
	return false;
}

/* What lies in the range is on the disk, in its order. The size of the file is, too. */
static void settle(struct disk *disk, const struct range *range)
{
	size_t kept = 0;
	for (size_t i = 0; i < disk->piece_count; i++) {
		struct disk_piece piece = disk->pieces[i];
		bool settled = is_in(range, &piece) && (!piece.limbo || is_renewed(disk, i));
		if (settled)
			place(disk, &piece);
		else
			disk->pieces[kept++] = piece;
		struct disk_file *file = &disk->files[range->file];
		if (!settled && is_in(range, &piece) && piece.offset + piece.size > file->size)
			resize(file, piece.offset + piece.size);
	}
	disk->piece_count = kept;
}

/* Its sizes are the journal's, which is not lost by a write that fails. */
static void put_into_limbo(struct disk *disk, const struct range *range)
{
	for (size_t i = 0; i < disk->piece_count; i++)
		if (disk->pieces[i].type == PIECE_BYTES && is_in(range, &disk->pieces[i]))
			disk->pieces[i].limbo = true;
}

static void sync_bytes(struct disk *disk, const struct disk_op *op)
{
	struct range range = range_of(op);
	if (op->failed)
		put_into_limbo(disk, &range);
	else
		settle(disk, &range);
}

static void sync_names(struct disk *disk, enum piece_type type)
{
	size_t kept = 0;
	for (size_t i = 0; i < disk->piece_count; i++) {
		if (disk->pieces[i].type == type)
			place(disk, &disk->pieces[i]);
		else
			disk->pieces[kept++] = disk->pieces[i];
	}
	disk->piece_count = kept;
}

void disk_apply(struct disk *disk, const struct disk_op *op)
{
	switch (op->type) {
	case DISK_MKDIR:
		push(disk, (struct disk_piece){.type = PIECE_MADE, .file = -1});
		break;
	case DISK_SYNC_PARENT:
		if (!op->failed)
			sync_names(disk, PIECE_MADE);
		break;
	case DISK_LINK:
		push_name(disk, op->name, op->file);
		break;
	case DISK_RENAME:
		push_name(disk, op->name, op->file);
		push_name(disk, op->old_name, -1);
		break;
	case DISK_SYNC_DIR:
		if (!op->failed)
			sync_names(disk, PIECE_NAME);
		break;
	case DISK_WRITE:
		push_bytes(disk, op);
		if (op->durable)
			sync_bytes(disk, op);
		break;
	case DISK_RESIZE:
		push(disk, (struct disk_piece){
				   .type = PIECE_SIZE, .file = op->file, .offset = op->offset});
		break;
	case DISK_SYNC:
		sync_bytes(disk, op);
		break;
	case DISK_PROMISE:
		disk->promise = op->promise;
		break;
	}
	disk->op_count++;
}

int disk_cached_name(const struct disk *disk, enum disk_name name)
{
	int file = disk->names[name];
	for (size_t i = 0; i < disk->piece_count; i++)
		if (disk->pieces[i].type == PIECE_NAME && disk->pieces[i].name == name)
			file = disk->pieces[i].file;
	return file;
}

/* ---- a power cut ------------------------------------------------- */

/* The pieces in the order in which they come to the disk. */
static void shuffle(size_t *order, size_t count, struct ctr_prng *prng)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = ctr_prng_below(prng, i);
		size_t index = order[i - 1];
		order[i - 1] = order[other];
		order[other] = index;
	}
}

/* A file may have grown before anything was written there. */
static void grow(struct disk *image, const struct disk *disk)
{
	for (size_t i = 0; i < disk->piece_count; i++) {
		const struct disk_piece *piece = &disk->pieces[i];
		uint64_t end = piece->offset + piece->size;
		if (piece->type == PIECE_BYTES && end > image->files[piece->file].size)
			resize(&image->files[piece->file], end);
	}
}

static void place_some(const struct disk *disk, enum disk_cut cut, struct ctr_prng *prng,
		       struct disk *image)
{
	size_t *order = calloc(disk->piece_count + 1, sizeof(*order));
	ck_assert_ptr_nonnull(order);
	for (size_t i = 0; i < disk->piece_count; i++)
		order[i] = i;
	if (cut == DISK_CUT_MIXED)
		shuffle(order, disk->piece_count, prng);
	/* Few of them, half, or most. */
	uint64_t eighths = 1 + 3 * ctr_prng_below(prng, 3);
	bool keep = false;
	for (size_t i = 0; i < disk->piece_count; i++) {
		const struct disk_piece *piece = &disk->pieces[order[i]];
		bool same = cut == DISK_CUT_OPS && i > 0 && piece->op == piece[-1].op;
		if (!same)
			keep = ctr_prng_below(prng, 8) < eighths;
		if (keep)
			place(image, piece);
	}
	free(order);
	if (cut != DISK_CUT_OPS && ctr_prng_below(prng, 4) == 0)
		grow(image, disk);
}

void disk_cut(const struct disk *disk, enum disk_cut cut, struct ctr_prng *prng,
	      struct disk *ret_image)
{
	copy_content(ret_image, disk);
	ret_image->piece_count = 0;
	ret_image->op_count = 0;
	if (cut == DISK_CUT_KEPT)
		for (size_t i = 0; i < disk->piece_count; i++)
			place(ret_image, &disk->pieces[i]);
	else if (cut != DISK_CUT_DROPPED)
		place_some(disk, cut, prng, ret_image);
	for (int i = 0; i < DISK_NAME_COUNT && !ret_image->made; i++)
		ret_image->names[i] = -1;
}

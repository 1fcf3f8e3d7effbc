/* SPDX-License-Identifier: MIT */
/*
 * lease_file.c - slots shared with shims: see lease_file.h.
 *
 * Invariant: a slot is given out again only when no shim uses it, or one shim
 * would take another's lease for its own.
 *
 * The file's blocks are allocated when it is opened, so that writing to the map
 * cannot meet a full disk (which would be SIGBUS).
 *
 * Layer: io.
 */
#include "io/lease_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/bytes.h"

/* Slot 0. */
struct header {
	uint32_t magic, abi;
	uint8_t boot_id[CTR_BOOT_ID_SIZE];
	uint64_t unused;
};
_Static_assert(sizeof(struct header) == sizeof(struct ctr_shim_slot), "the header is a slot");

static int fail(struct centro_error_text *text, const char *what)
{
	char reason[128];
	return ctr_error(text, CENTRO_ERR_IO, "leases in the state directory: %s: %s", what,
			 strerror_r(errno, reason, sizeof(reason)));
}

static size_t file_bytes(uint32_t slots)
{
	size_t bytes = (size_t)slots * sizeof(struct ctr_shim_slot);
	return (bytes + CTR_SHIM_MAP_BYTES - 1) / CTR_SHIM_MAP_BYTES * CTR_SHIM_MAP_BYTES;
}

/* Shims are started with it at a fixed number, which must not be its own. */
static int open_high(const struct ctr_state_dir *dir)
{
	int fd = ctr_open_beneath(dir->fd, "leases", O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		return -1;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, CTR_SHIM_FD_END);
	close(fd);
	return high;
}

static bool is_of_boot(const struct ctr_lease_file *file, const struct ctr_state_dir *dir)
{
	struct header header;
	memcpy(&header, &file->slots[0], sizeof(header));
	return header.magic == CTR_SHIM_MAGIC && header.abi == CTR_SHIM_ABI &&
	       memcmp(header.boot_id, dir->boot_id, CTR_BOOT_ID_SIZE) == 0;
}

static void start_boot(struct ctr_lease_file *file, const struct ctr_state_dir *dir)
{
	struct header header = {.magic = CTR_SHIM_MAGIC, .abi = CTR_SHIM_ABI};
	memcpy(header.boot_id, dir->boot_id, CTR_BOOT_ID_SIZE);
	memset(file->slots, 0, (size_t)file->count * sizeof(*file->slots));
	memcpy(&file->slots[0], &header, sizeof(header));
}

static int map_file(struct ctr_lease_file *file, const struct ctr_state_dir *dir,
		    struct centro_error_text *text)
{
	struct stat stat;
	size_t bytes = file_bytes(file->count);
	file->fd = open_high(dir);
	if (file->fd < 0)
		return fail(text, "cannot be opened");
	/* It never shrinks: a shim may still have its slot further up. */
	if (fstat(file->fd, &stat) == 0 && (size_t)stat.st_size > bytes)
		bytes = file_bytes((uint32_t)((size_t)stat.st_size / sizeof(*file->slots)));
	errno = posix_fallocate(file->fd, 0, (off_t)bytes);
	if (errno != 0)
		return fail(text, "no room on the disk");
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
	if (map == MAP_FAILED)
		return fail(text, "cannot be mapped");
	file->slots = map;
	file->count = (uint32_t)(bytes / sizeof(*file->slots));
	if (!is_of_boot(file, dir))
		start_boot(file, dir);
	return CENTRO_OK;
}

int ctr_lease_file_open(struct ctr_lease_file *file, const struct centro_allocator *allocator,
			const struct ctr_state_dir *dir, uint32_t slot_count,
			struct centro_error_text *text)
{
	CTR_ASSERT(slot_count > 0);
	struct ctr_lease_file opened = {
		.allocator = allocator, .fd = -1, .count = slot_count + 1, .last = slot_count};

	int status = map_file(&opened, dir, text);
	if (status == CENTRO_OK) {
		opened.is_taken = ctr_alloc_zero(allocator, opened.count);
		status = opened.is_taken ? CENTRO_OK : CENTRO_ERR_NOMEM;
	}
	if (status != CENTRO_OK)
		ctr_lease_file_close(&opened);
	else
		*file = opened;
	return status;
}

void ctr_lease_file_close(struct ctr_lease_file *file)
{
	if (file->slots)
		munmap(file->slots, file_bytes(file->count));
	ctr_close(file->fd);
	ctr_free(file->allocator, file->is_taken);
	*file = (struct ctr_lease_file){.fd = -1};
}

/* The first free one of `first` to `last`; 0: none is. */
static uint32_t find_free(const struct ctr_lease_file *file, uint32_t first, uint32_t last)
{
	const uint8_t *at =
		first > last ? NULL : memchr(file->is_taken + first, 0, (size_t)last - first + 1);
	return at ? (uint32_t)(at - file->is_taken) : 0;
}

uint32_t ctr_lease_file_take(struct ctr_lease_file *file)
{
	uint32_t slot = find_free(file, file->given + 1, file->last);
	if (slot == 0)
		slot = find_free(file, 1, file->last);
	if (slot == 0)
		return 0;
	file->given = slot;
	file->is_taken[slot] = 1;
	memset(&file->slots[slot], 0, sizeof(file->slots[slot]));
	return slot;
}

bool ctr_lease_file_adopt(struct ctr_lease_file *file, uint32_t slot)
{
	if (slot == 0 || slot >= file->count || file->is_taken[slot])
		return false;
	file->is_taken[slot] = 1;
	return true;
}

void ctr_lease_file_release(struct ctr_lease_file *file, uint32_t slot)
{
	CTR_ASSERT(slot > 0 && slot < file->count);
	CTR_ASSERT(file->is_taken[slot]);
	file->is_taken[slot] = 0;
}

void ctr_lease_file_set_end(struct ctr_lease_file *file, uint32_t slot, struct centro_instant end)
{
	CTR_ASSERT(slot > 0 && slot < file->count);
	CTR_ASSERT(file->is_taken[slot]);
	__atomic_store_n(&file->slots[slot].lease_end_ns, end.ns, __ATOMIC_RELEASE);
}

void ctr_lease_file_set_order(struct ctr_lease_file *file, uint32_t slot, uint64_t order)
{
	CTR_ASSERT(slot > 0 && slot < file->count);
	CTR_ASSERT(file->is_taken[slot]);
	__atomic_store_n(&file->slots[slot].order, order, __ATOMIC_RELEASE);
}

struct centro_instant ctr_lease_file_started(const struct ctr_lease_file *file, uint32_t slot)
{
	CTR_ASSERT(slot > 0 && slot < file->count);
	return (struct centro_instant){
		__atomic_load_n(&file->slots[slot].started_wall_ns, __ATOMIC_ACQUIRE)};
}

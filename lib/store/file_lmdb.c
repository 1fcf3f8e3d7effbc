/* SPDX-License-Identifier: MIT */
/*
 * file_lmdb.c - making and opening LMDB's file, as the file backend uses it.
 *
 * Default sync: a transaction is on disk when mdb_txn_commit() returns. Never
 * WRITEMAP, which is slower and lets a stray pointer write into the store. LMDB's
 * own locks stay on beside ours: its table of readers is what keeps the commit
 * thread from using pages again that a scan still reads. NOTLS, since a reader
 * belongs to a scan and not to a thread.
 *
 * Invariant: what comes from the disk is checked before it is used; a file that
 * is no store, is damaged where that can be seen, or is of a layout that this
 * library cannot read is refused and left as it is.
 *
 * Layer: store. Includes base and LMDB.
 */
#include "store/file_lmdb.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <centro/version.h>

#include "base/assert.h"
#include "base/str.h"
#include "store/file_dir.h"
#include "store/file_lmdb_private.h"

/* LMDB's name for its list of free pages, which mdb_stat(1) uses as well. */
#define FREE_DBI 0

/* As large as an empty store needs, and a map is never smaller. */
#define CREATE_BYTES ((size_t)1 << 20)

/* What of a head page LMDB ever writes lies in its first sector. */
#define HEAD_BYTES 512

int ctr_lmdb_put_own(MDB_txn *txn, MDB_dbi dbi, const char *name,
		     const struct ctr_file_value *value)
{
	MDB_val key = val_of(ctr_bytes_str(name));
	MDB_val data = val_of(ctr_bytes(value->text, value->size));
	return mdb_put(txn, dbi, &key, &data, 0);
}

int ctr_lmdb_get_own(MDB_txn *txn, MDB_dbi dbi, const char *name, struct centro_bytes *ret_value)
{
	MDB_val key = val_of(ctr_bytes_str(name)), value;
	int code = mdb_get(txn, dbi, &key, &value);
	if (code == 0)
		*ret_value = bytes_of(value);
	return code;
}

/* ---- usage ------------------------------------------------------- */

static uint64_t pages_of(MDB_txn *txn, MDB_dbi dbi, unsigned int *ret_page_bytes)
{
	MDB_stat stat;
	if (mdb_stat(txn, dbi, &stat) != 0)
		return 0;
	*ret_page_bytes = stat.ms_psize;
	return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

/*
 * Pages in use, without those that are free to be used again. LMDB counts them
 * itself, so this costs nothing that grows. The list of free pages is counted as
 * it was before this transaction.
 */
void ctr_lmdb_note_usage(const struct ctr_lmdb *db, MDB_txn *txn, struct ctr_lmdb_result *result)
{
	unsigned int page_bytes = 0;
	uint64_t pages = 2 /* LMDB's heads */ + pages_of(txn, db->dbi, &page_bytes) +
			 pages_of(txn, FREE_DBI, &page_bytes);
	result->bytes = pages * page_bytes;

	/* The file can grow into what the disk has left, and no further. */
	struct stat file;
	struct statvfs disk;
	result->bytes_max = db->map_bytes;
	if (fstat(db->fd, &file) == 0 && fstatvfs(db->fd, &disk) == 0) {
		uint64_t most = (uint64_t)file.st_size + (uint64_t)disk.f_bavail * disk.f_frsize;
		if (most < result->bytes_max)
			result->bytes_max = most;
	}
}

void ctr_lmdb_get_usage(const struct ctr_lmdb *db, struct ctr_lmdb_result *ret_result)
{
	*ret_result = db->usage;
}

/* ---- open -------------------------------------------------------- */

static int open_error(const struct ctr_lmdb_options *options, int code, const char *what,
		      struct centro_error_text *text)
{
	switch (code) {
	case MDB_VERSION_MISMATCH:
		return ctr_error(text, CENTRO_ERR_VERSION,
				 "%.300s was made by another version of LMDB; load it from a dump "
				 "(mdb_dump, mdb_load)",
				 options->path);
	case MDB_INVALID:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_NOTFOUND:
	case MDB_INCOMPATIBLE:
		return ctr_error(text, CENTRO_ERR_CORRUPT,
				 "%.300s/" CTR_FILE_DATA_NAME " is damaged or no store (%s: %s); "
				 "restore it from a backup, or choose another path",
				 options->path, what, mdb_strerror(code));
	case ENOMEM:
		return ctr_error(text, CENTRO_ERR_NOMEM,
				 "no memory to map %.300s, of at most %llu bytes; lower its size "
				 "or raise the process's limit of address space",
				 options->path, (unsigned long long)options->bytes_max);
	default:
		break;
	}
	if (code > 0)
		return ctr_file_error(text, code, what, options->path);
	return ctr_error(text, CENTRO_ERR_IO, "cannot %s %.300s: %s", what, options->path,
			 mdb_strerror(code));
}

/* An environment of at most `map_bytes`, on the file or directory `name`. */
static int open_env(const char *name, uint64_t map_bytes, unsigned int flags, MDB_env **ret_env)
{
	MDB_env *env;
	int code = mdb_env_create(&env);
	if (code != 0)
		return code;
	/* One more than there can be scans: the spare. */
	code = mdb_env_set_maxreaders(env, CENTRO_STORE_SCANS_MAX + 1);
	if (code == 0)
		code = mdb_env_set_mapsize(env, (size_t)map_bytes);
	if (code == 0)
		code = mdb_env_open(env, name, flags, 0600);
	if (code != 0) {
		/* Also after a failed open, its documentation says. */
		mdb_env_close(env);
		return code;
	}
	*ret_env = env;
	return 0;
}

static int write_first_rows(MDB_env *env)
{
	struct ctr_file_format format = {
		.layout = CTR_FILE_LAYOUT,
		.oldest_reader = CTR_FILE_LAYOUT,
		.writer = "centro/" CENTRO_VERSION_STRING,
	};
	struct ctr_file_value format_value = ctr_file_format_print(&format);
	struct ctr_file_value term_value = ctr_file_term_print(0, "nobody");

	MDB_txn *txn;
	int code = mdb_txn_begin(env, /* parent= */ NULL, 0, &txn);
	if (code != 0)
		return code;
	MDB_dbi dbi;
	code = mdb_dbi_open(txn, /* name= */ NULL, 0, &dbi);
	if (code == 0)
		code = ctr_lmdb_put_own(txn, dbi, CTR_FILE_FORMAT_KEY, &format_value);
	if (code == 0)
		code = ctr_lmdb_put_own(txn, dbi, CTR_FILE_TERM_KEY, &term_value);
	if (code != 0) {
		mdb_txn_abort(txn);
		return code;
	}
	return mdb_txn_commit(txn);
}

int ctr_lmdb_create(const struct ctr_lmdb_options *options, struct centro_error_text *text)
{
	struct ctr_buf name;
	ctr_buf_init(&name, options->allocator, /* size_max= */ 0);
	ctr_buf_appendf(&name, "%s/" CTR_FILE_NEW_NAME, options->path);
	char *path = ctr_buf_take_str(&name);
	ctr_buf_fini(&name);
	if (!path)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");

	/* What an earlier start left behind when it was interrupted. */
	(void)unlinkat(options->dir_fd, CTR_FILE_NEW_NAME, 0);
	MDB_env *env = NULL;
	int code = open_env(path, CREATE_BYTES, MDB_NOSUBDIR | MDB_NOLOCK, &env);
	if (code == 0)
		code = write_first_rows(env);
	if (env)
		mdb_env_close(env);
	ctr_free(options->allocator, path);
	if (code != 0) {
		(void)unlinkat(options->dir_fd, CTR_FILE_NEW_NAME, 0);
		return open_error(options, code, "make a store in", text);
	}
	return CENTRO_OK;
}

static int check_format(MDB_txn *txn, MDB_dbi dbi, const struct ctr_lmdb_options *options,
			struct centro_error_text *text)
{
	struct centro_bytes value;
	int code = ctr_lmdb_get_own(txn, dbi, CTR_FILE_FORMAT_KEY, &value);
	if (code != 0)
		return open_error(options, code, "find the format row in", text);
	struct ctr_file_format format;
	if (ctr_file_format_parse(value, &format) != CENTRO_OK)
		return open_error(options, MDB_INVALID, "read the format row in", text);
	if (format.oldest_reader > CTR_FILE_LAYOUT)
		return ctr_error(text, CENTRO_ERR_VERSION,
				 "%.300s was written by %s in layout %llu; reading it needs a "
				 "version that knows layout %llu, and this one (%s) knows %d",
				 options->path, format.writer, (unsigned long long)format.layout,
				 (unsigned long long)format.oldest_reader, CENTRO_VERSION_STRING,
				 CTR_FILE_LAYOUT);
	uint64_t term;
	code = ctr_lmdb_get_own(txn, dbi, CTR_FILE_TERM_KEY, &value);
	if (code != 0 || ctr_file_term_parse(value, &term) != CENTRO_OK)
		return open_error(options, code != 0 ? code : MDB_INVALID, "read the term in",
				  text);
	return CENTRO_OK;
}

/* The `index`-th number of a record in the list of free pages. */
static size_t number_at(const MDB_val *data, size_t index)
{
	size_t number;
	CTR_ASSERT(index < data->mv_size / sizeof(number));
	memcpy(&number, (const uint8_t *)data->mv_data + index * sizeof(number), sizeof(number));
	return number;
}

/* How many pages from `first` on stand in the list of free pages. */
static int count_free_from(MDB_txn *txn, size_t first, size_t *ret_count)
{
	MDB_cursor *cursor;
	int code = mdb_cursor_open(txn, FREE_DBI, &cursor);
	if (code != 0)
		return code;
	size_t count = 0;
	MDB_val key, data;
	while ((code = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
		/* How many, then their numbers. */
		size_t numbers = data.mv_size / sizeof(size_t);
		if (numbers == 0 || number_at(&data, 0) > numbers - 1) {
			code = MDB_CORRUPTED;
			break;
		}
		for (size_t i = 1; i <= number_at(&data, 0); i++)
			if (number_at(&data, i) >= first)
				count++;
	}
	mdb_cursor_close(cursor);
	if (code != MDB_NOTFOUND)
		return code;
	*ret_count = count;
	return 0;
}

/*
 * A file that is shorter than its own idea of itself was cut short, and reading
 * the missing part would end the process with SIGBUS. Yet LMDB leaves pages at
 * the end unwritten that were used and freed in one transaction: those stand in
 * its list of free pages. So make the file as long as it should be, with pages
 * of zeros, which LMDB refuses to read, and look whether all were free.
 */
static int check_length(MDB_txn *txn, const MDB_envinfo *info, size_t page_bytes, int fd)
{
	struct stat file;
	if (fstat(fd, &file) != 0)
		return errno;
	size_t wanted;
	if (info->me_last_pgno == SIZE_MAX ||
	    !ctr_mul_size(info->me_last_pgno + 1, page_bytes, &wanted) || wanted > info->me_mapsize)
		return MDB_CORRUPTED;
	if ((uint64_t)file.st_size >= wanted)
		return 0;
	size_t first = (size_t)file.st_size / page_bytes;
	if (ftruncate(fd, (off_t)wanted) != 0)
		return errno;
	size_t free_count = 0;
	int code = count_free_from(txn, first, &free_count);
	if (code == 0 && free_count != info->me_last_pgno + 1 - first)
		code = MDB_CORRUPTED;
	/* What is refused is left as it was, for whoever tries to mend it. */
	if (code != 0)
		(void)!ftruncate(fd, file.st_size);
	return code;
}

static int check_content(struct ctr_lmdb *db, const struct ctr_lmdb_options *options,
			 struct centro_error_text *text)
{
	MDB_txn *txn;
	int code = mdb_txn_begin(db->env, /* parent= */ NULL, MDB_RDONLY, &txn);
	if (code != 0)
		return open_error(options, code, "read", text);
	MDB_envinfo info;
	MDB_stat stat;
	code = mdb_env_info(db->env, &info);
	if (code == 0)
		code = mdb_env_stat(db->env, &stat);
	if (code == 0)
		code = check_length(txn, &info, stat.ms_psize, db->fd);
	if (code == 0)
		code = mdb_dbi_open(txn, /* name= */ NULL, 0, &db->dbi);
	db->map_bytes = info.me_mapsize;
	int status = code == 0 ? check_format(txn, db->dbi, options, text)
			       : open_error(options, code, "read", text);
	if (status == CENTRO_OK)
		ctr_lmdb_note_usage(db, txn, &db->usage);
	mdb_txn_abort(txn);
	return status;
}

/* As it is, so that the system has to write it. */
static int write_anew(int fd, off_t offset)
{
	uint8_t head[HEAD_BYTES];
	ssize_t size = pread(fd, head, sizeof(head), offset);
	if (size == (ssize_t)sizeof(head))
		size = pwrite(fd, head, sizeof(head), offset);
	if (size < 0)
		return errno;
	return size == (ssize_t)sizeof(head) ? 0 : EIO;
}

/*
 * When the write of a head failed, LMDB has put the old one back, but only into the
 * system's memory: the disk may have the new one. Commits that go on from the old
 * one write over the pages of the new, and a power cut would then leave it with a
 * tree in shreds. Nor does a sync help if one failed: what it should have written
 * passes for written. So what is seen is written anew before anything else is. Under
 * LMDB's lock, since somebody who got past ours may be committing.
 */
static int renew_heads(struct ctr_lmdb *db)
{
	MDB_txn *txn;
	int code = mdb_txn_begin(db->env, /* parent= */ NULL, 0, &txn);
	if (code != 0)
		return code;
	MDB_stat stat;
	code = mdb_env_stat(db->env, &stat);
	if (code == 0)
		code = write_anew(db->fd, 0);
	if (code == 0)
		code = write_anew(db->fd, (off_t)stat.ms_psize);
	if (code == 0)
		code = mdb_env_sync(db->env, /* force= */ 1);
	mdb_txn_abort(txn);
	return code;
}

static int open_checked(struct ctr_lmdb *db, const struct ctr_lmdb_options *options,
			struct centro_error_text *text)
{
	int status = check_content(db, options, text);
	if (status != CENTRO_OK)
		return status;
	int code = renew_heads(db);
	return code == 0 ? CENTRO_OK : open_error(options, code, "sync", text);
}

int ctr_lmdb_open(const struct ctr_lmdb_options *options, struct ctr_lmdb **ret_db,
		  struct centro_error_text *text)
{
	if (options->bytes_max > SIZE_MAX)
		return ctr_error(text, CENTRO_ERR_INVALID,
				 "%llu bytes are more than this machine can address",
				 (unsigned long long)options->bytes_max);
	struct ctr_lmdb *db = ctr_alloc_zero(options->allocator, sizeof(*db));
	if (!db)
		return ctr_error(text, CENTRO_ERR_NOMEM, "out of memory");
	db->allocator = options->allocator;

	int status = CENTRO_OK;
	int code = open_env(options->path, options->bytes_max, MDB_NOTLS, &db->env);
	if (code == 0)
		code = mdb_env_get_fd(db->env, &db->fd);
	if (code != 0)
		status = open_error(options, code, "open", text);
	else if (mdb_env_get_maxkeysize(db->env) < CENTRO_STORE_KEY_SIZE_MAX)
		status = ctr_error(text, CENTRO_ERR_VERSION,
				   "this LMDB was built for keys of at most %d bytes, not %d",
				   mdb_env_get_maxkeysize(db->env), CENTRO_STORE_KEY_SIZE_MAX);
	else
		status = open_checked(db, options, text);
	if (status != CENTRO_OK) {
		ctr_lmdb_close(db);
		return status;
	}
	*ret_db = db;
	return CENTRO_OK;
}

void ctr_lmdb_close(struct ctr_lmdb *db)
{
	if (!db)
		return;
	ctr_lmdb_reader_free(db, db->spare);
	if (db->env)
		mdb_env_close(db->env);
	ctr_free(db->allocator, db);
}

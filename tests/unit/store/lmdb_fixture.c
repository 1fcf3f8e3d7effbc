/* SPDX-License-Identifier: MIT */
/* A file store's LMDB, opened without the store. */
#include "lmdb_fixture.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void lmdb_fixture_init(struct lmdb_fixture *f)
{
	*f = (struct lmdb_fixture){0};
	fixture_dir_init(&f->dir);
	ck_assert_int_eq(ctr_file_dir_open(f->dir.path, &f->dir_fd, NULL), CENTRO_OK);
	f->options = (struct ctr_lmdb_options){
		.path = f->dir.path,
		.dir_fd = f->dir_fd,
		.bytes_max = 64 << 20,
	};
	ck_assert_int_eq(ctr_lmdb_create(&f->options, &f->text), CENTRO_OK);
	ck_assert_int_eq(ctr_file_dir_publish(f->dir_fd, f->dir.path, &f->text), CENTRO_OK);
}

void lmdb_fixture_fini(struct lmdb_fixture *f)
{
	lmdb_fixture_close(f);
	close(f->dir_fd);
	fixture_dir_fini(&f->dir);
}

int lmdb_fixture_open(struct lmdb_fixture *f)
{
	ck_assert_ptr_null(f->db);
	return ctr_lmdb_open(&f->options, &f->db, &f->text);
}

void lmdb_fixture_close(struct lmdb_fixture *f)
{
	ctr_lmdb_close(f->db);
	f->db = NULL;
}

void lmdb_fixture_plant(struct lmdb_fixture *f, const char *key, const void *value, size_t size)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val k = {strlen(key), (void *)(uintptr_t)key}, v = {size, (void *)(uintptr_t)value};
	ck_assert_ptr_null(f->db);
	ck_assert_int_eq(mdb_env_create(&env), 0);
	ck_assert_int_eq(mdb_env_set_mapsize(env, 64 << 20), 0);
	ck_assert_int_eq(mdb_env_open(env, f->dir.path, 0, 0600), 0);
	ck_assert_int_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
	ck_assert_int_eq(mdb_dbi_open(txn, NULL, 0, &dbi), 0);
	ck_assert_int_eq(value ? mdb_put(txn, dbi, &k, &v, 0) : mdb_del(txn, dbi, &k, NULL), 0);
	ck_assert_int_eq(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

off_t lmdb_fixture_length(const struct lmdb_fixture *f)
{
	struct stat info;
	ck_assert_int_eq(fstatat(f->dir_fd, CTR_FILE_DATA_NAME, &info, 0), 0);
	return info.st_size;
}

void lmdb_fixture_truncate(const struct lmdb_fixture *f, off_t length)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/" CTR_FILE_DATA_NAME, f->dir.path);
	ck_assert_int_eq(truncate(path, length), 0);
}

int lmdb_fixture_fill(struct lmdb_fixture *f, int count, size_t size)
{
	static uint8_t value[CENTRO_STORE_VALUE_SIZE_MAX];
	struct centro_batch *batch = centro_batch_new(NULL);
	for (int i = 0; i < count; i++) {
		char key[16];
		snprintf(key, sizeof(key), "%06d", i);
		ck_assert_int_eq(
			centro_batch_put(batch, ctr_bytes_str(key), ctr_bytes(value, size)),
			CENTRO_OK);
		centro_batch_end_group(batch);
	}
	ctr_lmdb_write(f->db, 1, batch, &f->result);
	centro_batch_free(batch);
	return f->result.status;
}

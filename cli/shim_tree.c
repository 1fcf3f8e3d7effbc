/* SPDX-License-Identifier: MIT */
/*
 * shim_tree.c - the processes of an attempt: to wait for them, and to end them.
 *
 * Layer: shim, on libc alone.
 *
 * No signal may ever go to a process that is not ours, although numbers of
 * processes are used again (I15). Why that holds:
 *
 * 1. A child of this process keeps its number until this process waits for it,
 *    and we only wait in shim_tree_reap(), never while we walk. So the number of
 *    a child, read from the kernel after the last wait, names that child.
 * 2. The command leads its group, and is kept as a zombie to the end. So the
 *    number of the group is not given to another, and only the command's own
 *    session can have members in it.
 * 3. Whoever descends from a child may end and be replaced at any moment. It is
 *    signalled by a pidfd, and only if, read after the pidfd was opened, its parent
 *    is this process or the one that we came from, and both are still alive after
 *    that: so the number named this very process when its parent was read, and the
 *    parent was ours.
 *
 * As subreaper this process inherits whoever loses its parent, daemons in
 * sessions of their own included: killing all that is found, again and again,
 * ends when there are no children left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim.h"

#define CHILDREN_MAX 256 /* of one process, in one walk; the next walk finds the rest */
#define DEPTH_MAX    32  /* deeper ones are found when those above them have ended */

/* ---- /proc, without stdio's and malloc's memory ---- */

/* Up to `size` - 1 bytes of a file, terminated. -1: it is not there. */
static ssize_t read_file(int dir_fd, const char *path, char *buffer, size_t size)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t used = 0;
	ssize_t got;
	while (used < size - 1 && (got = read(fd, buffer + used, size - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	buffer[used] = '\0';
	return (ssize_t)used;
}

/* "<prefix><number><suffix>" */
static void make_path(char *path, const char *prefix, pid_t number, const char *suffix)
{
	char digits[16];
	size_t at = sizeof(digits);
	digits[--at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	stpcpy(stpcpy(stpcpy(path, prefix), digits + at), suffix);
}

struct relation {
	pid_t parent, group;
};

/* Fields 4 and 5. The name before them may hold anything, parentheses too. */
static bool read_relation(pid_t pid, struct relation *ret)
{
	char path[64], text[512];
	make_path(path, "/proc/", pid, "/stat");
	if (read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return false;
	char *at = strrchr(text, ')');
	if (!at || at[1] != ' ' || at[2] == '\0')
		return false;
	at += 3; /* the state, one letter */
	ret->parent = (pid_t)strtol(at, &at, 10);
	ret->group = (pid_t)strtol(at, &at, 10);
	return true;
}

struct pid_list {
	size_t count;
	pid_t pids[CHILDREN_MAX];
};

static void list_add(struct pid_list *list, pid_t pid)
{
	if (pid > 0 && list->count < CHILDREN_MAX)
		list->pids[list->count++] = pid;
}

static void list_thread_children(int task_fd, const char *thread, struct pid_list *list)
{
	char path[64], text[4096];
	stpcpy(stpcpy(path, thread), "/children");
	if (read_file(task_fd, path, text, sizeof(text)) < 0)
		return;
	char *at = text;
	for (char *end; *at; at = end) {
		pid_t pid = (pid_t)strtol(at, &end, 10);
		/* A number at the very end may be half of one. */
		if (end == at || *end == '\0')
			break;
		list_add(list, pid);
	}
}

/* Calls `fn` for each name in a directory that begins with a digit. */
static void each_number(int fd, void (*fn)(void *arg, const char *name), void *arg)
{
	_Alignas(struct dirent64) char buffer[2048];
	ssize_t got;
	while ((got = getdents64(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				fn(arg, entry->d_name);
			at += entry->d_reclen;
		}
	}
}

struct search {
	int fd;
	pid_t parent;
	struct pid_list *list;
};

static void search_thread(void *arg, const char *name)
{
	const struct search *search = arg;
	list_thread_children(search->fd, name, search->list);
}

static void search_process(void *arg, const char *name)
{
	const struct search *search = arg;
	struct relation relation;
	pid_t pid = (pid_t)strtol(name, NULL, 10);
	if (read_relation(pid, &relation) && relation.parent == search->parent)
		list_add(search->list, pid);
}

/* Kernels may lack the lists of children; then every process is looked at. */
static void list_children(const struct shim_tree *tree, pid_t parent, struct pid_list *list)
{
	char path[64] = "/proc";
	struct search search = {.parent = parent, .list = list};

	list->count = 0;
	if (tree->has_lists)
		make_path(path, "/proc/", parent, "/task");
	search.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (search.fd < 0)
		return;
	each_number(search.fd, tree->has_lists ? search_thread : search_process, &search);
	close(search.fd);
}

void shim_tree_init(struct shim_tree *tree)
{
	*tree = (struct shim_tree){
		.has_lists = access("/proc/thread-self/children", R_OK) == 0,
	};
}

/* ---- signals ---- */

struct walk {
	const struct shim_tree *tree;
	pid_t self;
	int signal;
};

/* A process on the way down. */
struct step {
	pid_t pid;
	int pidfd;
};

static bool is_alive(int pidfd)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	return poll(&poll_fd, 1, 0) == 0;
}

/*
 * Whether the number that we came from `parent` by still names what `pidfd` is,
 * and that descends from us: see 1 and 3 above. It may have lost its parent
 * meanwhile: then it is our child.
 */
static bool is_ours(const struct walk *walk, const struct step *parent, int pidfd,
		    const struct relation *relation)
{
	if (!is_alive(pidfd))
		return false;
	if (relation->parent == walk->self)
		return true;
	return relation->parent == parent->pid && is_alive(parent->pidfd);
}

/*
 * Its children are listed before it is signalled, and visited after: one that ends
 * at once would else leave them to us unseen, and one that is left to go on while
 * its children are signalled may start others.
 */
static void visit(const struct walk *walk, const struct step *parent, pid_t pid, int depth)
{
	struct relation relation;
	struct pid_list children;
	struct step self = {.pid = pid, .pidfd = pidfd_open(pid, 0)};
	if (self.pidfd < 0)
		return;
	if (read_relation(pid, &relation) && is_ours(walk, parent, self.pidfd, &relation)) {
		list_children(walk->tree, pid, &children);
		/* The command's group gets its signal as a group. */
		if (walk->tree->main_reaped || relation.group != walk->tree->main)
			pidfd_send_signal(self.pidfd, walk->signal, NULL, 0);
		for (size_t i = 0; depth < DEPTH_MAX && i < children.count; i++)
			visit(walk, &self, children.pids[i], depth + 1);
	}
	close(self.pidfd);
}

void shim_tree_signal(const struct shim_tree *tree, int signal)
{
	struct walk walk = {.tree = tree, .self = getpid(), .signal = signal};
	struct step self = {.pid = walk.self, .pidfd = -1};
	struct pid_list list;

	list_children(tree, walk.self, &list);
	for (size_t i = 0; i < list.count; i++)
		visit(&walk, &self, list.pids[i], 1);
	/* See 2 above. Last, so that none of it was missing on the way down. */
	if (!tree->main_reaped)
		kill(-tree->main, signal);
}

/* ---- ends ---- */

/* Wait for all that have ended, until the command is among them. */
static void reap_until_main(struct shim_tree *tree)
{
	siginfo_t info;
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
			return;
		if (info.si_pid == tree->main)
			break;
		waitpid(info.si_pid, NULL, WNOHANG);
	}
	tree->main_ended = true;
	tree->main_status = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0)
						       : W_EXITCODE(0, info.si_status);
}

/* The command stays a zombie, and would be all that waitid() tells of. Count who is left. */
static size_t reap_around_main(struct shim_tree *tree)
{
	struct pid_list list;
	size_t left = 0;
	list_children(tree, getpid(), &list);
	for (size_t i = 0; i < list.count; i++) {
		if (list.pids[i] != tree->main && waitpid(list.pids[i], NULL, WNOHANG) == 0)
			left++;
	}
	return left;
}

bool shim_tree_reap(struct shim_tree *tree)
{
	if (!tree->main_ended)
		reap_until_main(tree);
	if (!tree->main_ended)
		return true;
	if (!tree->main_reaped) {
		if (reap_around_main(tree) > 0)
			return true;
		tree->main_reaped = waitpid(tree->main, NULL, WNOHANG) == tree->main;
	}
	/* A list read while somebody ends can lack others: the last word is wait's. */
	pid_t pid;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		;
	return pid == 0;
}

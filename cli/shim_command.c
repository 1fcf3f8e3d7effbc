/* SPDX-License-Identifier: MIT */
/*
 * shim_command.c - from a record to a running command.
 *
 * Layer: shim, on libc alone.
 *
 * The strings are used where the record is mapped, and all memory goes back
 * once the command runs. Between fork and exec the child only makes system
 * calls. The parent is held until the exec, so it learns of a failure without
 * waiting: it stands in a pipe, or the pipe is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"
/* What programs that still use select() can bear; a command may raise it to the hard limit. */
#define FILES_SOFT_MAX 1024

/* ---- the record ---- */

/* The next `count` strings of the text into `array`, then NULL. NULL: there are not so many. */
static const char *take_strings(const char *at, const char *end, const char **array, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const char *stop = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
		if (!stop)
			return NULL;
		array[i] = at;
		at = stop + 1;
	}
	array[count] = NULL;
	return at;
}

static bool take_text(struct shim_command *command, const struct ctr_shim_spec *spec)
{
	const char *at = (const char *)command->text + CTR_SHIM_RECORD_BYTES;
	const char *end = at + spec->text_bytes;
	const char *working_dir[2];

	at = take_strings(at, end, working_dir, 1);
	if (at)
		at = take_strings(at, end, command->argv, spec->argc);
	if (at)
		at = take_strings(at, end, command->env, spec->envc);
	command->working_dir = working_dir[0];
	if (at == end)
		return true;
	errno = EBADMSG;
	return false;
}

bool shim_command_load(int record_fd, const struct ctr_shim_spec *spec,
		       struct shim_command *ret_command)
{
	struct stat stat;
	struct shim_command command = {
		.text_bytes = CTR_SHIM_RECORD_BYTES + (size_t)spec->text_bytes,
		.array_bytes = ((size_t)spec->argc + spec->envc + 2) * sizeof(char *),
	};
	if (spec->argc == 0 || spec->argc > CTR_SHIM_STRINGS_MAX ||
	    spec->envc > CTR_SHIM_STRINGS_MAX || fstat(record_fd, &stat) != 0 ||
	    (uint64_t)stat.st_size < command.text_bytes) {
		errno = EBADMSG;
		return false;
	}
	command.text = mmap(NULL, command.text_bytes, PROT_READ, MAP_PRIVATE, record_fd, 0);
	if (command.text == MAP_FAILED)
		return false;
	command.argv = mmap(NULL, command.array_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (command.argv == MAP_FAILED)
		return false;
	command.env = command.argv + spec->argc + 1;
	if (!take_text(&command, spec))
		return false;
	*ret_command = command;
	return true;
}

void shim_command_unload(struct shim_command *command)
{
	munmap(command->text, command->text_bytes);
	munmap(command->argv, command->array_bytes);
	*command = (struct shim_command){0};
}

/* ---- the child ---- */

struct child {
	const struct shim_command *command;
	pid_t shim;
	int out_fd, err_fd, work_fd; /* work_fd -1: working_dir says where */
	int failure_fd;
	char oom_score[16]; /* to go back to; "": it was not changed */
};

static _Noreturn void fail(const struct child *child, uint32_t step)
{
	struct shim_failure failure = {.step = step, .error = errno};
	while (write(child->failure_fd, &failure, sizeof(failure)) < 0 && errno == EINTR)
		;
	_exit(127);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool written = write(fd, text, strlen(text)) >= 0;
	close(fd);
	return written;
}

static bool set_limits(const struct child *child)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return false;
	if (files.rlim_cur > FILES_SOFT_MAX) {
		files.rlim_cur = FILES_SOFT_MAX;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			return false;
	}
	if (child->oom_score[0] && !write_file("/proc/self/oom_score_adj", child->oom_score))
		return false;
	umask(022);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/*
 * All to their defaults. By the system call: libc sets the two signals that it
 * keeps for itself to be ignored on the way here, and hides them from sigaction().
 */
static void reset_signals(void)
{
	static const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} defaults;
	for (int signal = 1; signal <= 64; signal++)
		(void)syscall(SYS_rt_sigaction, signal, &defaults, NULL, sizeof(defaults.mask));
}

static const char *find_path(const char *const *env)
{
	for (; *env; env++) {
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	}
	return PATH_DEFAULT;
}

/* execve in one directory of PATH. Returns if it failed, with errno. */
static void exec_in(const char *dir, size_t dir_size, const struct shim_command *command)
{
	char path[4096];
	size_t name_size = strlen(command->argv[0]);
	if (dir_size + name_size + 2 > sizeof(path)) {
		errno = ENAMETOOLONG;
		return;
	}
	memcpy(path, dir, dir_size);
	if (dir_size > 0)
		path[dir_size++] = '/';
	memcpy(path + dir_size, command->argv[0], name_size + 1);
	execve(path, (char **)command->argv, (char **)command->env);
}

/*
 * As execvpe(3), but nothing is handed to a shell when it is no program. The
 * search goes on past directories that do not hold it; that it was there and
 * may not be run is told rather than that it is missing further on.
 */
static void exec_command(const struct shim_command *command)
{
	if (strchr(command->argv[0], '/')) {
		execve(command->argv[0], (char **)command->argv, (char **)command->env);
		return;
	}
	bool denied = false;
	for (const char *at = find_path(command->env), *end;; at = end + 1) {
		end = strchrnul(at, ':');
		exec_in(at, (size_t)(end - at), command);
		denied |= errno == EACCES;
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES && errno != ENAMETOOLONG)
			return;
		if (*end == '\0')
			break;
	}
	errno = denied ? EACCES : ENOENT;
}

static _Noreturn void run_child(const struct child *child)
{
	sigset_t none;
	sigemptyset(&none);
	/* Were the shim killed, nobody would hold the command to its lease. */
	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != child->shim)
		fail(child, CTR_SHIM_STEP_SESSION);
	if (child->work_fd >= 0 ? fchdir(child->work_fd) != 0
				: chdir(child->command->working_dir) != 0)
		fail(child, CTR_SHIM_STEP_CHDIR);
	if (dup2(child->out_fd, STDOUT_FILENO) < 0 || dup2(child->err_fd, STDERR_FILENO) < 0)
		fail(child, CTR_SHIM_STEP_OUTPUT);
	reset_signals();
	if (!set_limits(child) || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		fail(child, CTR_SHIM_STEP_LIMITS);
	exec_command(child->command);
	fail(child, CTR_SHIM_STEP_EXEC);
}

/* ---- the start ---- */

/*
 * Memory may run out on a node, and the shim is the last that should go: all
 * it guards would lose its guard. Only root may ask for that.
 */
static void avoid_oom(char *ret_before, size_t size)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t got = read(fd, ret_before, size - 1);
	ret_before[got > 0 ? got : 0] = '\0';
	if (write(fd, "-999", 4) < 0)
		ret_before[0] = '\0';
	close(fd);
}

static int open_output(int dir_fd, const char *name)
{
	return openat(dir_fd, name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static int open_work(int dir_fd)
{
	int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir_fd, CTR_SHIM_WORK, flags);
	/* Mostly it is there: making one is dear. */
	if (fd >= 0 || errno != ENOENT || mkdirat(dir_fd, CTR_SHIM_WORK, 0700) != 0)
		return fd;
	return openat(dir_fd, CTR_SHIM_WORK, flags);
}

static struct shim_failure failed(uint32_t step)
{
	return (struct shim_failure){.step = step, .error = errno};
}

/* fork(2), but this process goes on only when the child has run its command or given up. */
static pid_t fork_until_exec(void)
{
	struct clone_args args = {.flags = CLONE_VFORK, .exit_signal = SIGCHLD};
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static struct shim_failure start_child(struct child *child, pid_t *ret_main)
{
	struct shim_failure failure = {.step = CTR_SHIM_STEP_NONE};
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return failed(CTR_SHIM_STEP_FORK);
	child->failure_fd = pipe_fds[1];
	pid_t pid = fork_until_exec();
	if (pid == 0)
		run_child(child);
	if (pid < 0)
		failure = failed(CTR_SHIM_STEP_FORK);
	else if (read(pipe_fds[0], &failure, sizeof(failure)) != sizeof(failure))
		*ret_main = pid;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return failure;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static struct shim_failure open_files(struct child *child, int dir_fd)
{
	child->out_fd = open_output(dir_fd, CTR_SHIM_OUT);
	if (child->out_fd < 0)
		return failed(CTR_SHIM_STEP_OUTPUT);
	child->err_fd = open_output(dir_fd, CTR_SHIM_ERR);
	if (child->err_fd < 0)
		return failed(CTR_SHIM_STEP_OUTPUT);
	if (child->command->working_dir[0] != '\0')
		return (struct shim_failure){.step = CTR_SHIM_STEP_NONE};
	child->work_fd = open_work(dir_fd);
	if (child->work_fd < 0)
		return failed(CTR_SHIM_STEP_WORK);
	return (struct shim_failure){.step = CTR_SHIM_STEP_NONE};
}

struct shim_failure shim_command_start(const struct shim_command *command, int dir_fd,
				       pid_t *ret_main)
{
	struct child child = {
		.command = command,
		.shim = getpid(),
		.out_fd = -1,
		.err_fd = -1,
		.work_fd = -1,
	};
	struct shim_failure failure = open_files(&child, dir_fd);
	if (failure.step == CTR_SHIM_STEP_NONE) {
		avoid_oom(child.oom_score, sizeof(child.oom_score));
		failure = start_child(&child, ret_main);
	}
	close_if_open(child.out_fd);
	close_if_open(child.err_fd);
	close_if_open(child.work_fd);
	return failure;
}

/* SPDX-License-Identifier: MIT */
#ifndef CTR_CLI_SHIM_H
#define CTR_CLI_SHIM_H

/* What the parts of the shim share. Nothing here allocates: see shim.c. */

#include <sys/types.h>

#include "io/shim_abi.h"

/* The command that a record asks for, in memory of its own until it has started. */
struct shim_command {
	const char **argv; /* both end with NULL */
	const char **env;
	const char *working_dir; /* "": the attempt's own */
	void *text;              /* the mapped record … */
	size_t text_bytes;
	size_t array_bytes; /* … and the two arrays */
};

/* What went wrong on the way; step NONE: nothing did. */
struct shim_failure {
	uint32_t step; /* enum ctr_shim_step */
	int32_t error; /* errno */
};

/* @return false: the record does not make sense, or there is no memory; errno */
bool shim_command_load(int record_fd, const struct ctr_shim_spec *spec,
		       struct shim_command *ret_command);
void shim_command_unload(struct shim_command *command);

/*
 * Start it, in a session of its own below this process, with its output
 * appended to the attempt's files. Returns once it runs, or could not.
 */
struct shim_failure shim_command_start(const struct shim_command *command, int dir_fd,
				       pid_t *ret_main);

/* Everything that descends from the command. This process is its subreaper. */
struct shim_tree {
	pid_t main;       /* the command: leads a session and a group of the same number */
	bool main_ended;  /* it is kept as a zombie, so that its number stays its own … */
	bool main_reaped; /* … until nothing else is left */
	int main_status;  /* as of wait(2) */
	bool has_lists;   /* of children, in /proc */
};

/* Before the command is started. */
void shim_tree_init(struct shim_tree *tree);

/* Takes note of who has ended. False: nothing is left of the tree. */
bool shim_tree_reap(struct shim_tree *tree);
/* To all that can be found now; those who are just being born may be missed: repeat KILL. */
void shim_tree_signal(const struct shim_tree *tree, int signal);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

/* Signals as something to poll. */

/* SIGINT and SIGTERM come by the descriptor from now on. SIGPIPE and SIGHUP are ignored. */
int signals_open(void);
/* SIGHUP comes by it, too: for what ends with its terminal. */
int signals_open_at_terminal(void);
/* How many have come since the last call. */
int signals_take(int fd);
/* A closed pipe is an error of the write, and no end of the program. */
void signals_ignore_pipe(void);

#endif

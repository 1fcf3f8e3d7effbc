/* SPDX-License-Identifier: MIT */
/*
 * first_instruction.c - P7's command: writes when its main() began, as
 * nanoseconds of CLOCK_BOOTTIME, into the FIFO that is its argument.
 */
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec at;
	clock_gettime(CLOCK_BOOTTIME, &at);
	uint64_t ns = (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
	int fd = argc == 2 ? open(argv[1], O_WRONLY | O_CLOEXEC) : -1;
	return fd >= 0 && write(fd, &ns, sizeof(ns)) == (ssize_t)sizeof(ns) ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
#ifndef FILE_BACKEND_H
#define FILE_BACKEND_H

/* The file store in a temporary directory, for the contract suite. */

#include "store_contract.h"

struct file_backend {
	char path[256];
	char uri[264];
};

/* Everything but a name, a fault, and what takes over. */
struct store_contract_backend file_backend(struct file_backend *file);

#endif

/* SPDX-License-Identifier: MIT */
/* fuzz_http2_client.c - a client of gRPC, and whatever its peer may send; see conn_play.h. */
#include "conn_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	conn_play(/* is_server= */ false, &input);
	return 0;
}

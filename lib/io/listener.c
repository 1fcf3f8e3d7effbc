/* SPDX-License-Identifier: MIT */
/*
 * listener.c - the addresses that a server is reached at.
 *
 * Whoever reaches a clear TCP port may do everything, so other than loopback
 * addresses need a word from the operator. A unix socket is made 0660 in a folder
 * that the operator chose; a stale one, which nobody listens on, is replaced.
 */
#include "io/server_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/str.h"
#include "wire/address.h"

#define BACKLOG         1024
#define ACCEPT_PAUSE_MS 100

struct ctr_listener {
	struct ctr_list link; /* of the server */
	struct centro_server *server;
	bool is_unix;
	bool is_owing; /* a connection that no memory could be had for */
	char address[128];
	union {
		uv_handle_t handle;
		uv_stream_t stream;
		uv_tcp_t tcp;
		uv_pipe_t pipe;
	};
};

static void listener_closed(uv_handle_t *handle)
{
	struct ctr_listener *listener = handle->data;
	ctr_free(listener->server->allocator, listener);
}

static void listener_close(struct ctr_listener *listener)
{
	ctr_list_remove(&listener->link);
	uv_close(&listener->handle, listener_closed);
}

/* libuv watches a listener no longer while one that it has announced is not accepted. */
static void accept_one(struct ctr_listener *listener)
{
	struct centro_server *server = listener->server;
	listener->is_owing =
		!ctr_server_conn_accept(server, &listener->stream, listener->is_unix);
	if (listener->is_owing)
		server->accept_again =
			ctr_after(server->now.steady, ctr_span_ms(ACCEPT_PAUSE_MS));
}

void ctr_listeners_accept_again(struct centro_server *server)
{
	server->accept_again = CTR_NEVER;
	ctr_list_for_each(node, &server->listeners) {
		struct ctr_listener *listener = ctr_list_entry(node, struct ctr_listener, link);
		if (listener->is_owing)
			accept_one(listener);
	}
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct ctr_listener *listener = stream->data;
	if (status == 0)
		accept_one(listener);
	else
		ctr_log_warn(listener->server->log, "accept failed address=%s error=%s",
			     listener->address, uv_strerror(status));
}

/* ---- TCP ---- */

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	}
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
	return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

/*
 * Whether a socket that does not listen holds the port. Column 2 of /proc/net/tcp
 * is the local address as hex:port, column 4 the state (0A: listening).
 */
static bool is_held_by_connection(uint16_t port)
{
	FILE *table = fopen("/proc/net/tcp", "re");
	char line[512];
	unsigned local, state;
	bool held = false, listens = false;
	while (table && fgets(line, sizeof(line), table)) {
		if (sscanf(line, " %*[^:]: %*[^:]:%x %*s %x", &local, &state) != 2 ||
		    local != port)
			continue;
		held = true;
		listens = listens || state == 0x0a;
	}
	if (table)
		fclose(table);
	return held && !listens;
}

static int in_use(const char *address, uint16_t port, struct centro_error_text *text)
{
	if (is_held_by_connection(port))
		return ctr_error(text, CENTRO_ERR_UNAVAILABLE,
				 "%s: an outgoing connection holds port %u, which lies in the "
				 "system's ephemeral range; try again, and reserve it with: "
				 "sysctl -w net.ipv4.ip_local_reserved_ports=%u",
				 address, port, port);
	return ctr_error(text, CENTRO_ERR_UNAVAILABLE,
			 "%s is in use by another program (is a centrod running there?); "
			 "choose another with --listen, or find it with: ss -ltnp 'sport = :%u'",
			 address, port);
}

static int bind_tcp(struct ctr_listener *listener, const struct sockaddr *address, bool insecure,
		    struct centro_error_text *text)
{
	if (!insecure && !is_loopback(address))
		return ctr_error(text, CENTRO_ERR_DENIED,
				 "%s is not a loopback address, and whoever reaches it may do "
				 "everything; say --insecure if that is meant",
				 listener->address);
	int status = uv_tcp_bind(&listener->tcp, address, 0);
	if (status == 0)
		status = uv_listen(&listener->stream, BACKLOG, on_connection);
	if (status == UV_EADDRINUSE) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
		return in_use(listener->address, ntohs(in->sin_port), text);
	}
	if (status != 0)
		return ctr_error(text, CENTRO_ERR_IO, "%s: cannot listen: %s", listener->address,
				 uv_strerror(status));
	return CENTRO_OK;
}

/* The port that the system chose, if 0 was asked for. */
static void name_bound(struct ctr_listener *listener)
{
	struct sockaddr_storage bound;
	int size = sizeof(bound);
	char host[64] = "";
	if (uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&bound, &size) != 0)
		return;
	if (bound.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)&bound;
		uv_ip4_name(in, host, sizeof(host));
		snprintf(listener->address, sizeof(listener->address), "%s:%u", host,
			 ntohs(in->sin_port));
	} else {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)&bound;
		uv_ip6_name(in6, host, sizeof(host));
		snprintf(listener->address, sizeof(listener->address), "[%s]:%u", host,
			 ntohs(in6->sin6_port));
	}
}

static int open_tcp(struct ctr_listener *listener, const struct ctr_address *address,
		    bool insecure, struct centro_error_text *text)
{
	char port[8];
	snprintf(port, sizeof(port), "%u", address->port);
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	uv_getaddrinfo_t lookup;
	int status = uv_getaddrinfo(&listener->server->loop, &lookup, NULL, address->name, port,
				    &hints);
	if (status != 0)
		return ctr_error(text, CENTRO_ERR_INVALID, "%s: no such host: %s",
				 listener->address, uv_strerror(status));
	int error = bind_tcp(listener, lookup.addrinfo->ai_addr, insecure, text);
	uv_freeaddrinfo(lookup.addrinfo);
	if (!error)
		name_bound(listener);
	return error;
}

/* ---- unix ---- */

/* Whether somebody answers at the path. */
static bool is_alive(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CTR_ASSERT(strlen(path) < sizeof(address.sun_path)); /* ctr_address_parse() saw to it */
	memcpy(address.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool alive = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return alive;
}

static int open_unix(struct ctr_listener *listener, const char *path,
		     struct centro_error_text *text)
{
	struct stat info;
	if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode)) {
		if (is_alive(path))
			return ctr_error(text, CENTRO_ERR_UNAVAILABLE,
					 "unix:%s is in use by another program", path);
		unlink(path);
	}
	int status = uv_pipe_bind(&listener->pipe, path);
	if (status == 0 && chmod(path, 0660) != 0)
		status = UV_EPERM;
	if (status == 0)
		status = uv_listen(&listener->stream, BACKLOG, on_connection);
	if (status != 0)
		return ctr_error(text, CENTRO_ERR_IO, "unix:%s: cannot listen: %s", path,
				 uv_strerror(status));
	return CENTRO_OK;
}

/* ---- both ---- */

int ctr_listener_open(struct centro_server *server, const char *address, bool insecure,
		      struct centro_error_text *text)
{
	struct ctr_address parsed;
	int error = ctr_address_parse(address, &parsed, text);
	if (error)
		return error;
	struct ctr_listener *listener = ctr_alloc_zero(server->allocator, sizeof(*listener));
	if (!listener)
		return CENTRO_ERR_NOMEM;
	listener->server = server;
	listener->is_unix = parsed.is_unix;
	snprintf(listener->address, sizeof(listener->address), "%s", address);
	if (parsed.is_unix)
		uv_pipe_init(&server->loop, &listener->pipe, 0);
	else
		uv_tcp_init(&server->loop, &listener->tcp);
	listener->handle.data = listener;
	ctr_list_append(&server->listeners, &listener->link);
	error = parsed.is_unix ? open_unix(listener, parsed.name, text)
			       : open_tcp(listener, &parsed, insecure, text);
	if (error)
		listener_close(listener);
	return error;
}

void ctr_listeners_close(struct centro_server *server)
{
	ctr_list_for_each_safe(node, &server->listeners)
		listener_close(ctr_list_entry(node, struct ctr_listener, link));
}

const char *ctr_listener_address(const struct centro_server *server, size_t index)
{
	ctr_list_for_each(node, &server->listeners) {
		if (index-- == 0)
			return ctr_list_entry(node, struct ctr_listener, link)->address;
	}
	return NULL;
}

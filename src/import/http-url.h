/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* URLs that strangers write: where they lead, and whether we go there. Over libcurl's own parser,
 * so that what is checked here is what is connected to later. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

#define HTTP_URL_MAX 8192 /* bytes; signed ones of object stores have up to 2000 */

/** http_url_resolve() - what @location means to who got it from @base
 * @base      a URL that was returned by this function, or NULL: @location must be whole
 * @location  of a stranger
 * @ret       http or https, without user, password and fragment; caller frees
 * Return: 0; -EINVAL no URL, or one with a password; -EPROTONOSUPPORT another scheme, or http where
 * @base has https; -ENOMEM. */
int http_url_resolve(const char *base, const char *location, char **ret);

/** http_url_add() - append KEY=VALUE to the query
 * @url    replaced on success
 * Return: 0; -EINVAL; -ENOMEM. */
int http_url_add(char **url, const char *key, const char *value);

/** http_url_same_origin() - the same scheme, host and port? */
bool http_url_same_origin(const char *a, const char *b);

/** http_url_host() - "HOST" or, if the scheme's port is not meant, "HOST:PORT"
 * Return: newly allocated, caller frees; NULL if it is no URL, or on OOM. */
char *http_url_host(const char *url);

/** http_url_is_plain() - http, not https? */
bool http_url_is_plain(const char *url);

/** http_host_is_loopback() - localhost, 127.0.0.0/8 or [::1], whatever :PORT or /PATH follows? By
 * the text alone: what a name resolves to may change. */
bool http_host_is_loopback(const char *host);

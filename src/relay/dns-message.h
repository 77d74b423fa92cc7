/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DNS messages: what a guest asks, and our own answers. No I/O. Every byte comes from a guest or
 * from a resolver's network: nothing is believed but what is checked here. */
#pragma once

#include "base/net-address.h"

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stdint.h>

#define DNS_HEADER_SIZE   12U
#define DNS_NAME_MAX      NS_MAXDNAME /* as text, with escapes and NUL */
#define DNS_QUERY_MAX     4096U       /* larger ones nobody has a use for */
#define DNS_UDP_MAX       1232U       /* we send no larger answer of our own in a datagram */
#define DNS_UDP_PLAIN_MAX 512U        /* nor this, to who has not said that more is welcome */
#define DNS_ANSWERS_MAX   64U

typedef struct DnsQuery {
        uint16_t id;
        uint16_t type, class;
        char name[DNS_NAME_MAX]; /* lower case, without the last dot; "" is the root */
        size_t question_size;    /* how many bytes it takes behind the header */
        bool has_edns;
        uint16_t datagram_max; /* what the asker takes in a datagram */
} DnsQuery;

/* What an own answer says about the name that was asked for. */
typedef struct DnsAnswer {
        int code;                              /* ns_r_noerror, ns_r_nxdomain.. */
        NetAddress addresses[DNS_ANSWERS_MAX]; /* of the family asked for */
        size_t n_addresses;
        char pointer[DNS_NAME_MAX]; /* PTR; "" : none */
} DnsAnswer;

/** dns_query_parse() - read what a guest sent
 * Return: 0; -EBADMSG it deserves no answer; -EOPNOTSUPP it asks not for one name: @ret is good
 * for dns_answer_write() with ns_r_notimpl all the same. */
int dns_query_parse(const uint8_t *message, size_t n, DnsQuery *ret);

/** dns_answer_write() - our answer to a query
 * @message what @q was parsed from
 * @size    most bytes of the answer; what does not fit is left out, and the answer says so
 * Return: bytes in @ret; 0: @size is too small. */
size_t dns_answer_write(const uint8_t *message, const DnsQuery *q, const DnsAnswer *answer,
                        uint8_t *ret, size_t size);

/** dns_reply_matches() - is this what a resolver answers to that query with this @id?
 * The same question, in whatever case; nothing behind it is looked at. */
bool dns_reply_matches(const uint8_t *message, const DnsQuery *q, uint16_t id, const uint8_t *reply,
                       size_t n);

/** dns_set_id() - write the first field */
void dns_set_id(uint8_t *message, uint16_t id);

/** dns_name_to_address() - "4.3.2.1.in-addr.arpa" and its like of IPv6
 * Return: 0; -EINVAL it is no whole address. */
int dns_name_to_address(const char *name, NetAddress *ret);

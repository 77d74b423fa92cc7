/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements of Network=, Publish= and Egress=, and Bandwidth=: what is taken has one way to be
 * written, which reads back to itself. */
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "spec/network-entry.h"

static void try_network(const char *s)
{
        _cleanup_network_entry_ NetworkEntry e = {0}, again = {0};
        _cleanup_free_ char *a = NULL, *b = NULL;
        const char *why = NULL;

        if (network_entry_parse(s, &e, &why) < 0) {
                PROMISE(why);
                return;
        }
        PROMISE(!why && e.n_addresses <= NETWORK_ENTRY_ADDRESSES_MAX && e.n_gateways <= 2);
        PROMISE(network_kind_has_link(e.kind) || (!e.n_addresses && !e.mtu && !e.name && !e.mac));
        PROMISE(network_entry_format(&e, &a) >= 0);
        PROMISE(network_entry_parse(a, &again, &why) >= 0 && again.kind == e.kind);
        PROMISE(network_entry_format(&again, &b) >= 0 && streq(a, b));
}

static void try_port(const char *s)
{
        _cleanup_free_ char *a = NULL, *b = NULL;
        const char *why = NULL;
        PortEntry e, again;

        if (port_entry_parse(s, &e, &why) < 0) {
                PROMISE(why);
                return;
        }
        PROMISE(!why && e.host_port > 0 && e.guest_port > 0 && e.count > 0);
        PROMISE(e.host_port + e.count <= 65536 && e.guest_port + e.count <= 65536);
        PROMISE(port_entry_overlaps(&e, &e));
        PROMISE(port_entry_format(&e, &a) >= 0 && port_entry_parse(a, &again, &why) >= 0);
        PROMISE(port_entry_format(&again, &b) >= 0 && streq(a, b));
}

static void try_egress(const char *s)
{
        _cleanup_free_ char *a = NULL, *b = NULL;
        const char *why = NULL;
        EgressEntry e, again;

        if (egress_entry_parse(s, &e, &why) < 0) {
                PROMISE(why);
                return;
        }
        PROMISE(!why && (e.none || (e.to.family && e.first <= e.last)));
        PROMISE(egress_entry_format(&e, &a) >= 0 && egress_entry_parse(a, &again, &why) >= 0);
        PROMISE(e.tcp == again.tcp && e.udp == again.udp && e.last == again.last);
        PROMISE(egress_entry_format(&again, &b) >= 0 && streq(a, b));
}

static void try_bandwidth(const char *s)
{
        _cleanup_free_ char *text = NULL;
        Bandwidth b, again = {0};

        if (bandwidth_parse(s, &b) < 0)
                return;
        PROMISE(b.in <= BANDWIDTH_MAX && b.out <= BANDWIDTH_MAX);
        PROMISE(bandwidth_format(&b, &text) >= 0 && text && bandwidth_parse(text, &again) >= 0);
        PROMISE(b.in == again.in && b.out == again.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
        _cleanup_free_ char *s = strndup((const char *)data, n);

        PROMISE(s);
        try_network(s);
        try_port(s);
        try_egress(s);
        try_bandwidth(s);
        return 0;
}

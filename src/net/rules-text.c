/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/rules-text.h"

/* What comes from a machine is first seen here, with the name of the machine's own link: whose
 * packet it is, is decided here and nowhere else. In the inet table the link is the bridge, and a
 * machine is known by its address. */
#define BRIDGE_SETS                                                                                \
        "\tset links { type ifname; }\n"                                                           \
        "\tset macs { type ifname . ether_addr; }\n"                                               \
        "\tset sources4 { type ifname . ether_addr . ipv4_addr; }\n"                               \
        "\tset sources6 { type ifname . ether_addr . ipv6_addr; }\n" /* of neighbor discovery;     \
                                                                        "icmpv6 taddr" is not      \
                                                                        known to nftables 1.0.6 */ \
        "\tset targets6 { typeof iifname . @th,64,128; }\n"                                        \
        "\tmap rates { type ifname : limit; }\n"                                                   \
        "\tset mirror { type ifname . ifname; }\n"                                                 \
        "\tset restricted { type ifname; }\n"                                                      \
        "\tset egress4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval; " \
        "}\n"                                                                                      \
        "\tset egress6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags interval; " \
        "}\n"                                                                                      \
        "\tset asked4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service . inet_service; "   \
        "size 65535; flags dynamic,timeout; }\n"                                                   \
        "\tset asked6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service . inet_service; "   \
        "size 65535; flags dynamic,timeout; }\n"

/* Own MAC, own addresses; nobody announces another's address, a router, or hands out addresses. No
 * other protocol: VLANs, spanning tree and the like are the host's business. */
#define BRIDGE_SOURCES                                                                             \
        "\tchain prerouting {\n"                                                                   \
        "\t\ttype filter hook prerouting priority -200; policy accept;\n"                          \
        "\t\tiifname @links jump from\n"                                                           \
        "\t}\n"                                                                                    \
        "\tchain from {\n"                                                                         \
        "\t\tiifname . ether saddr != @macs drop\n"                                                \
        "\t\tlimit name iifname map @rates drop\n"                                                 \
        "\t\tether type vmap { ip : goto from4, arp : goto from_arp, ip6 : goto from6 }\n"         \
        "\t\tdrop\n"                                                                               \
        "\t}\n"                                                                                    \
        "\tchain from4 {\n"                                                                        \
        "\t\tiifname . ether saddr . ip saddr != @sources4 drop\n"                                 \
        "\t\tudp sport 67 drop\n"                                                                  \
        "\t\taccept\n"                                                                             \
        "\t}\n"                                                                                    \
        "\tchain from_arp {\n"                                                                     \
        "\t\tiifname . arp saddr ether . arp saddr ip != @sources4 drop\n"                         \
        "\t\taccept\n"                                                                             \
        "\t}\n"                                                                                    \
        "\tchain from6 {\n"                                                                        \
        "\t\ticmpv6 type { nd-router-advert, nd-redirect } drop\n"                                 \
        "\t\ticmpv6 type nd-neighbor-advert iifname . @th,64,128 != @targets6 drop\n"              \
        "\t\tudp sport 547 drop\n"                                                                 \
        "\t\tiifname . ether saddr . ip6 saddr @sources6 accept\n" /* "does anybody have my        \
                                                                      address?" is asked without   \
                                                                      one */                       \
        "\t\tip6 saddr :: icmpv6 type nd-neighbor-solicit iifname . @th,64,128 @targets6 accept\n" \
        "\t\tdrop\n"                                                                               \
        "\t}\n"

/* Between machines of a network; a mirror is a link with itself, see bridge_reflect(). Without
 * connection tracking in bridges, what a machine with an egress list was asked is remembered in a
 * set, so that it can answer. */
#define BRIDGE_FORWARD                                                                             \
        "\tchain forward {\n"                                                                      \
        "\t\ttype filter hook forward priority 0; policy accept;\n"                                \
        "\t\tiifname . oifname @mirror oifname . ether daddr != @macs drop\n"                      \
        "\t\tiifname @links oifname != @links drop\n"                                              \
        "\t\tiifname != @links oifname @links drop\n"                                              \
        "\t\toifname @restricted jump to_restricted\n"                                             \
        "\t\tiifname @restricted jump from_restricted\n"                                           \
        "\t}\n"                                                                                    \
        "\tchain to_restricted {\n"                                                                \
        "\t\tmeta l4proto != { 6, 17 } return\n"                                                   \
        "\t\tupdate @asked4 { ip daddr . ip saddr . meta l4proto . th dport . th sport timeout "   \
        "1d }\n"                                                                                   \
        "\t\tupdate @asked6 { ip6 daddr . ip6 saddr . meta l4proto . th dport . th sport timeout " \
        "1d }\n"                                                                                   \
        "\t}\n"                                                                                    \
        "\tchain from_restricted {\n"                                                              \
        "\t\tether type arp accept\n"                                                              \
        "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n"                     \
        "\t\ticmp type { echo-reply, destination-unreachable, time-exceeded } accept\n"            \
        "\t\ticmpv6 type { echo-reply, destination-unreachable, packet-too-big, time-exceeded } "  \
        "accept\n"                                                                                 \
        "\t\tip saddr . ip daddr . meta l4proto . th sport . th dport @asked4 accept\n"            \
        "\t\tip6 saddr . ip6 daddr . meta l4proto . th sport . th dport @asked6 accept\n"          \
        "\t\tip saddr . ip daddr . meta l4proto . th dport @egress4 accept\n"                      \
        "\t\tip6 saddr . ip6 daddr . meta l4proto . th dport @egress6 accept\n"                    \
        "\t\tdrop\n"                                                                               \
        "\t}\n"

#define INET_SETS                                                                                  \
        "\tset bridges { type ifname; }\n" /* each with itself: from a bridge to the same one */   \
        "\tset same { type ifname . ifname; }\n"                                                   \
        "\tset internal { type ifname; }\n"                                                        \
        "\tset nat { type ifname; }\n" /* addresses of all gateways, and with the bridge that has  \
                                          them */                                                  \
        "\tset own4 { type ipv4_addr; }\n"                                                         \
        "\tset own6 { type ipv6_addr; }\n"                                                         \
        "\tset gateways4 { type ifname . ipv4_addr; }\n"                                           \
        "\tset gateways6 { type ifname . ipv6_addr; }\n"                                           \
        "\tset members4 { type ifname . ipv4_addr; }\n"                                            \
        "\tset members6 { type ifname . ipv6_addr; }\n"                                            \
        "\tset restricted4 { type ipv4_addr; }\n"                                                  \
        "\tset restricted6 { type ipv6_addr; }\n"                                                  \
        "\tset egress4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags interval; " \
        "}\n"                                                                                      \
        "\tset egress6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags interval; " \
        "}\n"

/* Protocols are numbers, 6 TCP and 17 UDP: names would need /etc/protocols.
 *
 * Published ports: on loopback, on one address, on any; and those on loopback once more, for the
 * machines of the same network at the gateway. */
#define INET_MAPS                                                                                  \
        "\tmap local4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; "   \
        "}\n"                                                                                      \
        "\tmap ports4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; "   \
        "}\n"                                                                                      \
        "\tmap ports6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; "   \
        "}\n"                                                                                      \
        "\tmap any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }\n"              \
        "\tmap any6 { type inet_proto . inet_service : ipv6_addr . inet_service; }\n"              \
        "\tmap near4 { type ifname . ipv4_addr . inet_proto . inet_service : ipv4_addr . "         \
        "inet_service; }\n"                                                                        \
        "\tmap near6 { type ifname . ipv6_addr . inet_proto . inet_service : ipv6_addr . "         \
        "inet_service; }\n"

/* A second lock behind that of the bridge table, for links that nobody has told us of. And what the
 * bridges' route_localnet would open: the host's loopback. */
#define INET_GUARD                                                                                 \
        "\tchain guard {\n"                                                                        \
        "\t\ttype filter hook prerouting priority -300; policy accept;\n"                          \
        "\t\tiifname @bridges jump from_machine\n"                                                 \
        "\t}\n"                                                                                    \
        "\tchain from_machine {\n"                                                                 \
        "\t\tip daddr 127.0.0.0/8 drop\n"                                                          \
        "\t\tiifname . ip saddr @members4 accept\n"                                                \
        "\t\tiifname . ip6 saddr @members6 accept\n"                                               \
        "\t\tip6 saddr :: icmpv6 type nd-neighbor-solicit accept\n"                                \
        "\t\tdrop\n"                                                                               \
        "\t}\n"

/* local4 is asked for what the host itself sends only: a neighbor of the host's could send to
 * 127.0.0.1, too, and prerouting comes before the kernel drops that. ::1 cannot be rewritten so
 * that an answer comes back; lodge-relay serves it. Names at a gateway go before any publication.
 * Within one network a machine must answer by way of the host (postrouting; without iifname, which
 * br_netfilter does not give there). */
#define INET_NAT                                                                                   \
        "\tchain prerouting {\n"                                                                   \
        "\t\ttype nat hook prerouting priority -100; policy accept;\n"                             \
        "\t\tmeta l4proto != { 6, 17 } accept\n"                                                   \
        "\t\tth dport 53 iifname . ip daddr @gateways4 accept\n"                                   \
        "\t\tth dport 53 iifname . ip6 daddr @gateways6 accept\n"                                  \
        "\t\tmeta l4proto { 6, 17 } dnat ip to iifname . ip daddr . meta l4proto . th dport "      \
        "map @near4\n"                                                                             \
        "\t\tmeta l4proto { 6, 17 } dnat ip6 to iifname . ip6 daddr . meta l4proto . th dport "    \
        "map @near6\n"                                                                             \
        "\t\tjump published\n"                                                                     \
        "\t}\n"                                                                                    \
        "\tchain output {\n"                                                                       \
        "\t\ttype nat hook output priority -100; policy accept;\n"                                 \
        "\t\tmeta l4proto != { 6, 17 } accept\n"                                                   \
        "\t\tmeta l4proto { 6, 17 } dnat ip to ip daddr . meta l4proto . th dport map "            \
        "@local4\n"                                                                                \
        "\t\tip6 daddr ::1 accept\n"                                                               \
        "\t\tjump published\n"                                                                     \
        "\t}\n"                                                                                    \
        "\tchain published {\n"                                                                    \
        "\t\tmeta l4proto { 6, 17 } dnat ip to ip daddr . meta l4proto . th dport map "            \
        "@ports4\n"                                                                                \
        "\t\tmeta l4proto { 6, 17 } dnat ip6 to ip6 daddr . meta l4proto . th dport map "          \
        "@ports6\n"                                                                                \
        "\t\tfib daddr type != local accept\n"                                                     \
        "\t\tmeta l4proto { 6, 17 } dnat ip to meta l4proto . th dport map @any4\n"                \
        "\t\tmeta l4proto { 6, 17 } dnat ip6 to meta l4proto . th dport map @any6\n"               \
        "\t}\n"                                                                                    \
        "\tchain postrouting {\n"                                                                  \
        "\t\ttype nat hook postrouting priority 100; policy accept;\n"                             \
        "\t\tip saddr 127.0.0.0/8 oifname @bridges masquerade\n"                                   \
        "\t\toifname . ip saddr @members4 ct status dnat masquerade\n"                             \
        "\t\toifname . ip6 saddr @members6 ct status dnat masquerade\n"                            \
        "\t\tiifname @nat oifname != @bridges masquerade\n"                                        \
        "\t}\n"

/* "same" is a port published by a machine that another one of its network uses, or what a bridge
 * forwards where br_netfilter makes us see that. */
#define INET_FORWARD                                                                               \
        "\tchain forward {\n"                                                                      \
        "\t\ttype filter hook forward priority 0; policy accept;\n"                                \
        "\t\tiifname @bridges jump from_bridge\n"                                                  \
        "\t\toifname @bridges jump to_bridge\n"                                                    \
        "\t}\n"                                                                                    \
        "\tchain from_bridge {\n"                                                                  \
        "\t\tiifname @internal iifname . oifname != @same reject with icmpx admin-prohibited\n"    \
        "\t\tct state established,related accept\n"                                                \
        "\t\tip saddr @restricted4 jump egress\n"                                                  \
        "\t\tip6 saddr @restricted6 jump egress\n"                                                 \
        "\t\tiifname . oifname @same accept\n"                                                     \
        "\t\toifname @bridges return\n" /* it would leave without having been translated */        \
        "\t\tct state invalid drop\n"                                                              \
        "\t\taccept\n"                                                                             \
        "\t}\n"                                                                                    \
        "\tchain to_bridge {\n"                                                                    \
        "\t\toifname @internal drop\n"                                                             \
        "\t\tct state established,related accept\n"                                                \
        "\t\tct status dnat accept\n"                                                              \
        "\t\tiifname @bridges reject with icmpx admin-prohibited\n"                                \
        "\t\tdrop\n"                                                                               \
        "\t}\n"                                                                                    \
        "\tchain egress {\n"                                                                       \
        "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } return\n"                     \
        "\t\tip saddr . ip daddr . meta l4proto . th dport @egress4 return\n"                      \
        "\t\tip6 saddr . ip6 daddr . meta l4proto . th dport @egress6 return\n"                    \
        "\t\treject with icmpx admin-prohibited\n"                                                 \
        "\t}\n"                                                                                    \
        "\tchain input {\n"                                                                        \
        "\t\ttype filter hook input priority 0; policy accept;\n"                                  \
        "\t\tiifname @bridges jump to_host\n"                                                      \
        "\t}\n"                                                                                    \
        "\tchain to_host {\n"                                                                      \
        "\t\tct state established,related accept\n" /* another network's: its names are not for    \
                                                       everybody */                                \
        "\t\tip daddr @own4 iifname . ip daddr != @gateways4 drop\n"                               \
        "\t\tip6 daddr @own6 iifname . ip6 daddr != @gateways6 drop\n"                             \
        "\t\tip saddr @restricted4 jump host_egress\n"                                             \
        "\t\tip6 saddr @restricted6 jump host_egress\n"                                            \
        "\t}\n"                                                                                    \
        "\tchain host_egress {\n"                                                                  \
        "\t\tmeta l4proto { 6, 17 } th dport 53 iifname . ip daddr @gateways4 return\n"            \
        "\t\tmeta l4proto { 6, 17 } th dport 53 iifname . ip6 daddr @gateways6 return\n"           \
        "\t\tgoto egress\n"                                                                        \
        "\t}\n"

const char *rules_text_tables(void)
{
        return "table bridge lodge {\n" BRIDGE_SETS BRIDGE_SOURCES BRIDGE_FORWARD "}\n"
               "table inet lodge {\n" INET_SETS INET_MAPS INET_GUARD INET_NAT INET_FORWARD "}\n";
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs on networks and ports. */
#include "ctl/verb-tables.h"
#include "ctl/verbs.h"

/* clang-format off */
static const Option persist_options[] = {
        {"persist", 0, OPTION_FLAG, NULL, "for later runs, too; without it until the machine stops"},
        {.name = NULL},
};

const Verb network_verbs[] = {
        {.name = "network ls", .aliases = "network list, networks", .synopsis = "[NAME...]",
         .summary = "List networks", .action = "list the networks", .options = columns_options,
         .prints_table = true, .max_words = ANY_NUMBER, .run = verb_network_ls},
        {.name = "network status", .synopsis = "NAME...",
         .summary = "Show networks and who is in them", .action = "show", .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_network_status},
        {.name = "network inspect", .aliases = "network show", .synopsis = "NAME...",
         .summary = "Show properties of networks, for programs", .action = "show",
         .options = property_options, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_network_inspect},
        {.name = "network create", .synopsis = "NAME", .summary = "Create a network",
         .action = "create", .settings = network_options, .min_words = 1, .max_words = 1,
         .run = verb_network_create},
        {.name = "network rm", .aliases = "network remove, network delete", .synopsis = "NAME...",
         .summary = "Remove networks", .action = "remove", .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_network_rm},
        {.name = "network attach", .aliases = "network connect", .synopsis = "NETWORK NAME...",
         .summary = "Give running machines another network", .action = "attach the network to",
         .options = persist_options, .min_words = 2, .max_words = ANY_NUMBER,
         .run = verb_network_attach},
        {.name = "network detach", .aliases = "network disconnect", .synopsis = "NETWORK NAME...",
         .summary = "Take a network from running machines", .action = "detach the network from",
         .options = persist_options, .min_words = 2, .max_words = ANY_NUMBER,
         .run = verb_network_detach},
        {.name = "port ls", .aliases = "port list, ports", .synopsis = "[NAME...]",
         .summary = "List published ports; also: port NAME", .action = "list the ports",
         .options = columns_options, .prints_table = true, .max_words = ANY_NUMBER,
         .run = verb_port_ls},
        {.name = "port add", .aliases = "port publish", .synopsis = "NAME [HOST:]PORT...",
         .summary = "Publish ports of a running machine", .action = "publish a port of",
         .options = persist_options, .min_words = 2, .max_words = ANY_NUMBER,
         .run = verb_port_add},
        {.name = "port rm", .aliases = "port remove, port delete", .synopsis = "NAME [HOST:]PORT...",
         .summary = "Publish them no longer", .action = "withdraw a port of",
         .options = persist_options, .min_words = 2, .max_words = ANY_NUMBER,
         .run = verb_port_rm},
        {.name = "bandwidth", .synopsis = "NAME in=RATE,out=RATE|none",
         .summary = "Limit what a running machine receives and sends",
         .action = "limit the bandwidth of", .options = persist_options, .min_words = 2,
         .max_words = 2, .run = verb_bandwidth},
        {.name = NULL},
};
/* clang-format on */

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan/plan-network.h"

#include <string.h>
#include <sys/socket.h>

static void add(PlanWriter *w, PlanStage stage, PlanStep step)
{
        step.stage = stage;
        plan_add(w, step);
}

static PlanStep with_text(PlanStep step, const char *text)
{
        step.data = text;
        step.n_data = text ? (uint32_t)strlen(text) + 1 : 0;
        return step;
}

static void add_veth(PlanWriter *w, const PlanLink *l)
{
        add(w, PLAN_STAGE_HOST,
            with_text((PlanStep){PLAN_VETH, .s = l->host, .t = l->inside, .a = l->mac, .b = l->mtu},
                      l->parent));
        if (l->altname)
                add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_ALTNAME, .s = l->host, .t = l->altname});
        if (l->bandwidth.in > 0)
                add(w, PLAN_STAGE_HOST, (PlanStep){PLAN_RATE, .s = l->host, .a = l->bandwidth.in});
}

static void add_link(PlanWriter *w, const PlanLink *l)
{
        PlanOp op = l->kind == NETWORK_KIND_MACVLAN ? PLAN_MACVLAN : PLAN_LINK;

        if (l->kind == NETWORK_KIND_NETWORK || l->kind == NETWORK_KIND_BRIDGE)
                add_veth(w, l);
        else
                add(w, PLAN_STAGE_HOST,
                    (PlanStep){op, .s = l->parent, .t = l->inside, .a = l->mac, .b = l->mtu});
}

/* What comes from it is limited on either end: lodge-net drops what is too much, whatever the guest
 * does to its own end, where a queue sees to it that nothing has to be dropped. */
static void add_rate_inside(PlanWriter *w, const PlanLink *l)
{
        if (l->bandwidth.out > 0)
                add(w, PLAN_STAGE_INNER,
                    (PlanStep){PLAN_RATE, .s = l->inside, .a = l->bandwidth.out});
}

static bool is_on_link(const PlanLink *l, const NetAddress *a)
{
        if (a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80)
                return true; /* link-local: the kernel's own route */
        for (size_t i = 0; i < l->n_addresses; i++)
                if (net_address_contains(&l->addresses[i], a))
                        return true;
        return false;
}

static void add_default_route(PlanWriter *w, const PlanLink *l, const NetAddress *gateway)
{
        char text[NET_ADDRESS_TEXT_MAX];

        /* a router that no subnet tells the way to */
        if (!is_on_link(l, gateway))
                add(w, PLAN_STAGE_INNER,
                    (PlanStep){PLAN_ROUTE, .s = l->inside,
                               .t = net_address_format(gateway, true, text)});
        add(w, PLAN_STAGE_INNER,
            with_text((PlanStep){PLAN_ROUTE, .s = l->inside,
                                 .t = gateway->family == AF_INET ? "0.0.0.0/0" : "::/0"},
                      net_address_format(gateway, false, text)));
}

static const NetAddress *find_gateway(const PlanLink *l, int family)
{
        for (size_t i = 0; i < l->n_gateways; i++)
                if (l->gateways[i].family == family)
                        return &l->gateways[i];
        return NULL;
}

const PlanLink *plan_network_way_out(const PlanLink *links, size_t n, int family)
{
        for (size_t i = 0; i < n; i++)
                if (find_gateway(&links[i], family))
                        return &links[i];
        return NULL;
}

/* Without the default routes that the @n links @before it have. */
static void add_inside(PlanWriter *w, const PlanLink *l, const PlanLink *before, size_t n)
{
        char text[NET_ADDRESS_TEXT_MAX];

        add_rate_inside(w, l);
        for (size_t i = 0; i < l->n_addresses; i++)
                add(w, PLAN_STAGE_INNER,
                    (PlanStep){PLAN_ADDRESS, .s = l->inside,
                               .t = net_address_format(&l->addresses[i], true, text)});
        add(w, PLAN_STAGE_INNER, (PlanStep){PLAN_LINK_UP, .s = l->inside});
        for (size_t i = 0; i < l->n_gateways; i++)
                if (!plan_network_way_out(before, n, l->gateways[i].family))
                        add_default_route(w, l, &l->gateways[i]);
}

void plan_network_add_link(PlanWriter *w, const PlanLink *link)
{
        add_link(w, link);
        add_inside(w, link, NULL, 0);
}

void plan_network_add_way_out(PlanWriter *w, const PlanNetwork *network, int family)
{
        const PlanLink *l = plan_network_way_out(network->links, network->n_links, family);

        if (l)
                add_default_route(w, l, find_gateway(l, family));
}

void plan_network_add(PlanWriter *w, const PlanNetwork *network)
{
        for (size_t i = 0; i < network->n_links; i++)
                add_link(w, &network->links[i]);
        for (size_t i = 0; i < network->n_links; i++)
                add_inside(w, &network->links[i], network->links, i);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer of GetStats(). */
#include "bus/call.h"
#include "core/cgroup-stats.h"
#include "core/network.h"

#include "base/text.h"

#include <stddef.h>

/* An entry of the answer, up to its value. */
static int open_entry(sd_bus_message *reply, const char *name, const char *type)
{
        int r = sd_bus_message_open_container(reply, 'e', "sv");

        r = r < 0 ? r : sd_bus_message_append(reply, "s", name);
        return r < 0 ? r : sd_bus_message_open_container(reply, 'v', type);
}

static int close_entry(sd_bus_message *reply)
{
        int r = sd_bus_message_close_container(reply);

        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int open_list(sd_bus_message *reply, const char *name, const char *type)
{
        int r = open_entry(reply, name, type);

        return r < 0 ? r : sd_bus_message_open_container(reply, 'a', type + 1);
}

static int close_list(sd_bus_message *reply)
{
        int r = sd_bus_message_close_container(reply);

        return r < 0 ? r : close_entry(reply);
}

/* ---- the network ---- */

static int append_sums(const Answer *a, sd_bus_message *reply)
{
        const struct {
                const char *name;
                size_t offset;
        } sums[] = {
                {"NetworkReceivedBytes", offsetof(LinkStats, rx_bytes)},
                {"NetworkReceivedPackets", offsetof(LinkStats, rx_packets)},
                {"NetworkReceivedDrops", offsetof(LinkStats, rx_drops)},
                {"NetworkSentBytes", offsetof(LinkStats, tx_bytes)},
                {"NetworkSentPackets", offsetof(LinkStats, tx_packets)},
                {"NetworkSentDrops", offsetof(LinkStats, tx_drops)},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(sums); i++) {
                uint64_t sum = 0;

                for (size_t k = 0; k < a->n_stats; k++)
                        sum += *(const uint64_t *)((const char *)&a->stats[k] + sums[i].offset);
                r = sd_bus_message_append(reply, "{sv}", sums[i].name, "t", sum);
        }
        return r;
}

static int append_interfaces(const Answer *a, sd_bus_message *reply)
{
        int r = open_list(reply, "NetworkInterfaces", "a(stttttt)");

        for (size_t i = 0; r >= 0 && i < a->n_stats; i++) {
                const LinkStats *s = &a->stats[i];
                _cleanup_free_ char *name = text_for_display(s->inside, NETWORK_LINK_NAME_MAX);

                r = sd_bus_message_append(reply, "(stttttt)", name ?: "", s->rx_bytes,
                                          s->rx_packets, s->rx_drops, s->tx_bytes, s->tx_packets,
                                          s->tx_drops);
        }
        return r < 0 ? r : close_list(reply);
}

/* ---- the cgroup ---- */

static int append_memory(const CgroupStats *s, sd_bus_message *reply)
{
        int r = open_list(reply, "MemoryStat", "a{st}");

        for (guint i = 0; r >= 0 && i < s->memory->len; i++) {
                const CgroupNumber *n = &g_array_index(s->memory, CgroupNumber, i);

                r = sd_bus_message_append(reply, "{st}", n->key, n->value);
        }
        return r < 0 ? r : close_list(reply);
}

static int append_devices(const CgroupStats *s, sd_bus_message *reply)
{
        int r = open_list(reply, "IODevices", "a(stttttt)");

        for (guint i = 0; r >= 0 && i < s->devices->len; i++) {
                const CgroupDevice *d = &g_array_index(s->devices, CgroupDevice, i);

                r = sd_bus_message_append(reply, "(stttttt)", d->name, d->read_bytes,
                                          d->written_bytes, d->reads, d->writes, d->discarded_bytes,
                                          d->discards);
        }
        return r < 0 ? r : close_list(reply);
}

static int append_pressure(const CgroupPressure *p, sd_bus_message *reply)
{
        return sd_bus_message_append(reply, "{sv}", p->name, "(dddtdddt)", p->some.average10,
                                     p->some.average60, p->some.average300, p->some.total_usec,
                                     p->full.average10, p->full.average60, p->full.average300,
                                     p->full.total_usec);
}

static int append_limits(const CgroupStats *s, sd_bus_message *reply)
{
        int r = open_list(reply, "EffectiveLimits", "a(sts)");

        for (guint i = 0; r >= 0 && i < s->limits->len; i++) {
                const CgroupLimit *l = &g_array_index(s->limits, CgroupLimit, i);

                r = sd_bus_message_append(reply, "(sts)", l->name, l->value, l->cgroup);
        }
        return r < 0 ? r : close_list(reply);
}

static int append_cgroup(const CgroupStats *s, sd_bus_message *reply)
{
        int r = sd_bus_message_append(reply, "{sv}", "MonotonicUSec", "t", s->now_usec);

        for (guint i = 0; r >= 0 && i < s->numbers->len; i++) {
                const CgroupNumber *n = &g_array_index(s->numbers, CgroupNumber, i);

                r = sd_bus_message_append(reply, "{sv}", n->key, "t", n->value);
        }
        for (guint i = 0; r >= 0 && i < s->pressures->len; i++)
                r = append_pressure(&g_array_index(s->pressures, CgroupPressure, i), reply);
        r = r < 0 || s->memory->len == 0 ? r : append_memory(s, reply);
        r = r < 0 ? r : append_devices(s, reply);
        r = r < 0 ? r : append_limits(s, reply);
        return r < 0 || !s->cpus
                       ? r
                       : sd_bus_message_append(reply, "{sv}", "EffectiveCPUs", "s", s->cpus);
}

int bus_reply_stats(Call *c, const Answer *a, sd_bus_message *reply)
{
        int r = sd_bus_message_open_container(reply, 'a', "{sv}");

        r = r < 0 ? r : append_sums(a, reply);
        r = r < 0 ? r : append_interfaces(a, reply);
        r = r < 0 || !a->cgroup ? r : append_cgroup(a->cgroup, reply);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions: what a machine has used, and what is wrong with this host's network. */
#include "core/network.h"

#include "base/text.h"
#include "core/machine.h"
#include "core/manager.h"
#include "core/network-service.h"

#include <string.h>

/* ---- counters ---- */

static bool read_stats(const Frame *group, LinkStats *ret)
{
        const char *name = frame_string(group, FRAME_ITEM);

        /* the guest's root can rename what is inside */
        if (!name || !link_name_is_valid(name))
                return false;
        *ret = (LinkStats){
                .inside = g_strdup(name),
                .rx_bytes = frame_number(group, FRAME_RX_BYTES, 0),
                .rx_packets = frame_number(group, FRAME_RX_PACKETS, 0),
                .rx_drops = frame_number(group, FRAME_RX_DROPS, 0),
                .tx_bytes = frame_number(group, FRAME_TX_BYTES, 0),
                .tx_packets = frame_number(group, FRAME_TX_PACKETS, 0),
                .tx_drops = frame_number(group, FRAME_TX_DROPS, 0),
        };
        return true;
}

static void on_stats(void *userdata, Frame *reply, const Fault *fault)
{
        Request *request = userdata;
        LinkStats stats[NETWORK_LINKS_MAX];
        _cleanup_cgroup_stats_ CgroupStats cgroup = {0};
        Answer answer = {.stats = stats, .terminal_fd = -EBADF};
        _cleanup_fault_ Fault f = {0};
        size_t offset = 0;
        Frame group;

        if (reply && reply->type == FRAME_ERROR) {
                (void)frame_fault(reply, &f);
                fault = &f;
        }
        if (fault) {
                request_fail(request, fault);
                return;
        }
        while (answer.n_stats < ELEMENTSOF(stats) &&
               frame_next_group(reply, FRAME_ITEM, &offset, &group))
                if (read_stats(&group, &stats[answer.n_stats]))
                        answer.n_stats++;
        const Machine *m = manager_find(request->manager, request->machine);
        if (m && cgroup_stats_read("", m->supervisor, m->unit, &cgroup) >= 0)
                answer.cgroup = &cgroup;
        size_t n = answer.n_stats;
        request_answer(request, &answer);
        for (size_t i = 0; i < n; i++)
                g_free(stats[i].inside);
}

int machine_read_stats(Machine *m, AnswerFn done, void *userdata, Fault *reterr)
{
        _cleanup_frame_writer_ FrameWriter w = {0};
        int r = machine_check_running(m, reterr);

        if (r < 0)
                return r;
        link_begin(m->link, &w, FRAME_LINK_STATS);
        return machine_send_command(m, &w, on_stats, done, userdata, reterr);
}

/* ---- findings ---- */

static void on_findings(void *userdata, NetworkServiceKind service, Frame *reply,
                        const Fault *fault)
{
        Request *request = userdata;
        _cleanup_strv_free_ char **lines = NULL;

        if (fault) {
                request_fail(request, fault);
                return;
        }
        if (reply)
                (void)frame_strv(reply, FRAME_LINE, &lines); /* without memory: none */
        request_answer(request, &(Answer){.lines = lines, .terminal_fd = -EBADF});
}

int network_check(Manager *manager, AnswerFn done, void *userdata, Fault *reterr)
{
        Request *request = request_new(manager, REQUEST_NETWORK, NULL, done, userdata);

        network_service_send(manager, NETWORK_SERVICE_NET, FRAME_NETWORK_CHECK, NULL, on_findings,
                             request);
        return 0;
}

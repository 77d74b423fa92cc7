/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/doctor.h"

#include "base/names.h"
#include "base/text.h"
#include "client/client.h"

#include <string.h>
#include <sys/wait.h>

#define SYSTEMD        "org.freedesktop.systemd1"
#define SYSTEMD_PATH   "/org/freedesktop/systemd1"
#define SYSTEMD_NEEDED 252
#define ANSWER_USEC    UINT64_C(5000000)

static void check_systemd(json_t *findings, sd_bus *bus)
{
        _cleanup_free_ char *version = NULL, *state = NULL;
        const char *interface = SYSTEMD ".Manager";
        int r = sd_bus_get_property_string(bus, SYSTEMD, SYSTEMD_PATH, interface, "Version", NULL,
                                           &version);

        if (r >= 0)
                r = sd_bus_get_property_string(bus, SYSTEMD, SYSTEMD_PATH, interface, "SystemState",
                                               NULL, &state);
        if (r < 0)
                doctor_say(findings, FINDING_PROBLEM, "systemd", NULL,
                           "systemd does not answer: %s", strerror(-r));
        else if (strtol(version, NULL, 10) < SYSTEMD_NEEDED)
                doctor_say(findings, FINDING_PROBLEM, "systemd", NULL, "%s is older than %d",
                           version, SYSTEMD_NEEDED);
        else if (streq(state, "degraded"))
                doctor_say(findings, FINDING_WARNING, "systemd", "systemctl --failed",
                           "%s, some units have failed", version);
        else if (streq(state, "maintenance") || streq(state, "stopping"))
                doctor_say(findings, FINDING_PROBLEM, "systemd", "systemctl status",
                           "%s is in state %s", version, state);
        else
                doctor_say(findings, FINDING_OK, "systemd", NULL, "%s, %s", version, state);
}

static bool is_in(char *const *names, const char *name)
{
        STRV_FOREACH (s, names)
                if (streq(*s, name))
                        return true;
        return false;
}

/* Whether systemd knows a unit, and what state it is in. */
static int get_unit(sd_bus *bus, const char *unit, char **ret_load, char **ret_active)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *path, *interface = SYSTEMD ".Unit";
        int r = sd_bus_call_method(bus, SYSTEMD, SYSTEMD_PATH, SYSTEMD ".Manager", "LoadUnit", NULL,
                                   &reply, "s", unit);

        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = sd_bus_get_property_string(bus, SYSTEMD, path, interface, "LoadState", NULL,
                                               ret_load);
        return r < 0 ? r
                     : sd_bus_get_property_string(bus, SYSTEMD, path, interface, "ActiveState",
                                                  NULL, ret_active);
}

/* The unit's state tells why it does not run. */
static void check_unit(json_t *findings, sd_bus *bus)
{
        _cleanup_free_ char *load = NULL, *active = NULL;
        int r = get_unit(bus, "lodged.service", &load, &active);

        if (r < 0 || streq(load, "not-found"))
                doctor_say(findings, FINDING_PROBLEM, "lodged", "systemctl daemon-reload",
                           "does not run, and systemd knows no lodged.service");
        else if (streq(load, "masked"))
                doctor_say(findings, FINDING_PROBLEM, "lodged", "systemctl unmask lodged.service",
                           "does not run, lodged.service is masked");
        else if (streq(active, "failed"))
                doctor_say(findings, FINDING_PROBLEM, "lodged", "systemctl status lodged.service",
                           "does not run, lodged.service has failed");
        else
                doctor_say(findings, FINDING_OK, "lodged", NULL,
                           "does not run now, and starts when it is asked");
}

static void check_answer(json_t *findings, sd_bus *bus)
{
        _cleanup_free_ char *version = NULL;
        int r = sd_bus_get_property_string(bus, LODGE_BUS_NAME, LODGE_OBJECT_PATH,
                                           LODGE_MANAGER_INTERFACE, "Version", NULL, &version);

        if (r < 0)
                doctor_say(findings, FINDING_PROBLEM, "lodged", "systemctl restart lodged.service",
                           "runs and does not answer: %s", strerror(-r));
        else if (!streq(version, LODGE_VERSION))
                doctor_say(findings, FINDING_WARNING, "lodged", "systemctl restart lodged.service",
                           "is of version %s, lodgectl of %s", version, LODGE_VERSION);
        else
                doctor_say(findings, FINDING_OK, "lodged", NULL, "runs, version %s", version);
}

static void check_lodged(json_t *findings, sd_bus *bus, char *const *owned, char *const *startable)
{
        if (access(LODGE_BUS_POLICY, F_OK) < 0)
                doctor_say(findings, FINDING_PROBLEM, "bus", NULL, "there is no %s",
                           LODGE_BUS_POLICY);
        else if (!is_in(startable, LODGE_BUS_NAME))
                doctor_say(findings, FINDING_PROBLEM, "bus", "systemctl reload dbus.service",
                           "the bus does not know how to start " LODGE_BUS_NAME);
        else
                doctor_say(findings, FINDING_OK, "bus", NULL,
                           "its policy is there, and it can start " LODGE_BUS_NAME);
        if (is_in(owned, LODGE_BUS_NAME))
                check_answer(findings, bus);
        else
                check_unit(findings, bus);
}

static void check_others(json_t *findings, char *const *startable)
{
        bool polkit = is_in(startable, "org.freedesktop.PolicyKit1");

        if (access(LODGE_POLKIT_POLICY, F_OK) < 0)
                doctor_say(findings, FINDING_PROBLEM, "polkit", NULL, "there is no %s",
                           LODGE_POLKIT_POLICY);
        else
                doctor_say(findings, polkit ? FINDING_OK : FINDING_WARNING, "polkit", NULL,
                           polkit ? "it is there, with the actions of lodge"
                                  : "it is not installed: only root may change machines");
        doctor_say(findings, FINDING_OK, "machined", NULL,
                   is_in(startable, "org.freedesktop.machine1")
                           ? "it is there for machinectl and journalctl -M"
                           : "it is not installed, and not needed");
}

/* Machines run without them; images cannot be had, changed or, if of a disk, mounted. */
static void check_workers(json_t *findings, sd_bus *bus)
{
        static const struct {
                const char *program, *unit;
        } workers[] = {
                {LODGE_IMPORT, LODGE_IMPORT_UNIT_PREFIX "0.service"},
                {LODGE_IMPORT, LODGE_EXPORT_UNIT_PREFIX "0.service"},
                {LODGE_WORK, LODGE_WORK_UNIT_PREFIX "0.service"},
                {LODGE_NET, LODGE_NET_UNIT},
                {LODGE_RELAY, LODGE_RELAY_UNIT},
        };
        size_t n_fine = 0;

        for (size_t i = 0; i < ELEMENTSOF(workers); i++) {
                _cleanup_free_ char *load = NULL, *active = NULL;
                int r = get_unit(bus, workers[i].unit, &load, &active);

                if (access(workers[i].program, X_OK) < 0)
                        doctor_say(findings, FINDING_PROBLEM, "workers", NULL, "cannot run %s",
                                   workers[i].program);
                else if (r < 0 || !streq(load, "loaded"))
                        doctor_say(findings, FINDING_PROBLEM, "workers", "systemctl daemon-reload",
                                   "systemd has no usable unit %s", workers[i].unit);
                else
                        n_fine++;
        }
        if (n_fine == ELEMENTSOF(workers))
                doctor_say(
                        findings, FINDING_OK, "workers", NULL,
                        "lodge-import, lodge-work, lodge-net and lodge-relay are there, with their units");
}

static void check_bus(json_t *findings)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_strv_free_ char **owned = NULL, **startable = NULL;
        int r = sd_bus_open_system(&bus);

        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, ANSWER_USEC);
        if (r >= 0)
                r = sd_bus_list_names(bus, &owned, &startable);
        if (r < 0) {
                doctor_say(findings, FINDING_PROBLEM, "bus", "systemctl status dbus.service",
                           "the system bus cannot be reached: %s", strerror(-r));
                return;
        }
        check_systemd(findings, bus);
        check_lodged(findings, bus, owned, startable);
        check_workers(findings, bus);
        check_others(findings, startable);
}

static void check_shim(json_t *findings)
{
        char line[128] = "";
        FILE *f = access(LODGE_SHIM, X_OK) == 0 ? popen(LODGE_SHIM " --version", "re") : NULL;

        if (f) {
                if (fgets(line, sizeof(line), f))
                        line[strcspn(line, "\n")] = '\0';
                (void)pclose(f);
        }
        if (!*line)
                doctor_say(findings, FINDING_PROBLEM, "lodge-shim", NULL, "cannot run " LODGE_SHIM);
        else if (!streq(line, "lodge " LODGE_VERSION))
                doctor_say(findings, FINDING_WARNING, "lodge-shim", NULL,
                           "is of %s, lodgectl of lodge %s", line, LODGE_VERSION);
        else
                doctor_say(findings, FINDING_OK, "lodge-shim", NULL, "version %s", LODGE_VERSION);
}

void doctor_services(json_t *findings)
{
        check_bus(findings);
        check_shim(findings);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of lodged on libdbus-1 that shares no code with lodge.
 *
 *   client-libdbus exec NAME ARGV...        run a program with our 0, 1 and 2; prints the process
 * object first, on standard error; exits with its status client-libdbus cycle NAME IMAGE ARGV...
 * create a machine, start it, do the same, stop and remove it */
#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE    "org.lodge1"
#define MANAGER    "/org/lodge1"
#define TIMEOUT_MS 60000

static DBusConnection *bus;

static DBusMessage *new_call(const char *path, const char *interface, const char *method)
{
        DBusMessage *m = dbus_message_new_method_call(SERVICE, path, interface, method);

        if (!m)
                abort();
        return m;
}

/* Sends and frees @m; ends the program if the answer is an error. */
static DBusMessage *send_call(DBusMessage *m)
{
        DBusError error = DBUS_ERROR_INIT;
        DBusMessage *reply = dbus_connection_send_with_reply_and_block(bus, m, TIMEOUT_MS, &error);

        if (!reply) {
                (void)fprintf(stderr, "client-libdbus: %s: %s: %s\n", dbus_message_get_member(m),
                              error.name, error.message);
                exit(125);
        }
        dbus_message_unref(m);
        return reply;
}

static void add_strings(DBusMessageIter *i, char **strings)
{
        DBusMessageIter array;

        dbus_message_iter_open_container(i, DBUS_TYPE_ARRAY, "s", &array);
        for (; *strings; strings++)
                dbus_message_iter_append_basic(&array, DBUS_TYPE_STRING, strings);
        dbus_message_iter_close_container(i, &array);
}

static void add_stdio(DBusMessageIter *i)
{
        DBusMessageIter array, entry;

        dbus_message_iter_open_container(i, DBUS_TYPE_ARRAY, "{uh}", &array);
        for (dbus_uint32_t n = 0; n < 3; n++) {
                int fd = (int)n;

                dbus_message_iter_open_container(&array, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
                dbus_message_iter_append_basic(&entry, DBUS_TYPE_UINT32, &n);
                dbus_message_iter_append_basic(&entry, DBUS_TYPE_UNIX_FD, &fd);
                dbus_message_iter_close_container(&array, &entry);
        }
        dbus_message_iter_close_container(i, &array);
}

static void add_no_options(DBusMessageIter *i)
{
        DBusMessageIter array;

        dbus_message_iter_open_container(i, DBUS_TYPE_ARRAY, "{sv}", &array);
        dbus_message_iter_close_container(i, &array);
}

/* A method of the manager that takes a name, perhaps a string more, and options. */
static void manage(const char *method, const char *name, const char *more)
{
        DBusMessage *m = new_call(MANAGER, "org.lodge1.Manager", method);
        DBusMessageIter i;

        dbus_message_iter_init_append(m, &i);
        dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &name);
        if (more)
                dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &more);
        add_no_options(&i);
        dbus_message_unref(send_call(m));
}

static void start_process(const char *name, char **argv, char *ret, size_t n)
{
        DBusMessage *m = new_call(MANAGER, "org.lodge1.Manager", "ExecMachine"), *reply;
        DBusMessageIter i;
        const char *path;

        dbus_message_iter_init_append(m, &i);
        dbus_message_iter_append_basic(&i, DBUS_TYPE_STRING, &name);
        add_strings(&i, argv);
        add_stdio(&i);
        add_no_options(&i);
        reply = send_call(m);
        if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID))
                abort();
        (void)snprintf(ret, n, "%s", path);
        dbus_message_unref(reply);
}

static int wait_process(const char *path)
{
        DBusMessage *m = new_call(path, "org.lodge1.Process", "Wait"), *reply;
        dbus_int32_t status, sig;
        DBusMessageIter i;

        dbus_message_iter_init_append(m, &i);
        add_no_options(&i);
        reply = send_call(m);
        if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_INT32, &status, DBUS_TYPE_INT32, &sig,
                                   DBUS_TYPE_INVALID))
                abort();
        dbus_message_unref(reply);
        return status;
}

static int exec_in(const char *name, char **argv)
{
        char path[512];

        start_process(name, argv, path, sizeof(path));
        (void)fprintf(stderr, "%s\n", path);
        return wait_process(path);
}

static int cycle(const char *name, const char *image, char **argv)
{
        manage("CreateMachine", name, image);
        manage("StartMachine", name, NULL);
        int status = exec_in(name, argv);
        manage("StopMachine", name, NULL);
        manage("RemoveMachine", name, NULL);
        return status;
}

int main(int argc, char **argv)
{
        DBusError error = DBUS_ERROR_INIT;

        bus = dbus_bus_get(DBUS_BUS_SYSTEM, &error);
        if (!bus) {
                (void)fprintf(stderr, "client-libdbus: %s\n", error.message);
                return 125;
        }
        if (argc > 3 && strcmp(argv[1], "exec") == 0)
                return exec_in(argv[2], argv + 3);
        if (argc > 4 && strcmp(argv[1], "cycle") == 0)
                return cycle(argv[2], argv[3], argv + 4);
        (void)fputs("usage: client-libdbus exec NAME ARGV... | cycle NAME IMAGE ARGV...\n", stderr);
        return 2;
}

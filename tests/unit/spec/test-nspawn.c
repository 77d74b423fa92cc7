/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* .nspawn files as definitions. */
#include "base/text.h"
#include "spec/nspawn-keys.h"
#include "spec/setting-type.h"
#include "unit/test.h"

#include <string.h>

static void import(const char *text, bool trusted, NspawnImport *ret)
{
        _cleanup_fault_ Fault f = {0};
        int r = nspawn_import("web.nspawn", text, text ? strlen(text) : 0, trusted, ret, &f);

        if (r < 0)
                test_fail_value(__FILE__, __LINE__, text ?: "no file", f.message, "taken");
}

/* @text comes out as the definition @expected, with @notes sentences. */
static void becomes(const char *text, const char *expected, size_t notes)
{
        _cleanup_nspawn_import_ NspawnImport i = {0};

        import(text, true, &i);
        _cleanup_free_ char *definition = settings_format(&i.settings);
        CHECK_STRING(definition, expected);
        STRV_FOREACH (note, notes == 0 ? i.notes : NULL)
                test_fail_value(__FILE__, __LINE__, text ?: "no file", *note, "no note");
        CHECK_NUMBER(strv_length(i.notes), notes);
}

static void says(const char *text, bool trusted, const char *note)
{
        _cleanup_nspawn_import_ NspawnImport i = {0};

        import(text, trusted, &i);
        STRV_FOREACH (s, i.notes)
                if (strstr(*s, note))
                        return;
        test_fail_value(__FILE__, __LINE__, text, i.notes ? i.notes[0] : "nothing", note);
}

#define KEEP    "\n[Files]\nWritableLayer=keep\n"
#define PRIVATE "\n[Network]\nNetwork=default\n"
#define BOOT    "[Exec]\nBoot=yes\n"

static void test_template(void)
{
        becomes(NULL, BOOT KEEP PRIVATE, 0);
        becomes("", BOOT KEEP PRIVATE, 0);
        becomes("[Exec]\n[Files]\n[Network]\n# nothing\n", BOOT KEEP PRIVATE, 0);
}

static void test_program(void)
{
        becomes("[Exec]\nBoot=no\nParameters=/bin/httpd -f \"/srv/my files\"\nUser=www\n"
                "WorkingDirectory=/srv\nEnvironment=A=1 \"B=2 3\"\nEnvironment=C=4\n"
                "KillSignal=SIGINT\nNotifyReady=yes\nHostname=front\n",
                "[Machine]\nHostname=front\n\n[Exec]\nBoot=no\nCommand=/bin/httpd -f \"/srv/my files\"\n"
                "Environment=A=1\nEnvironment=\"B=2 3\"\nEnvironment=C=4\nUser=www\n"
                "WorkingDirectory=/srv\nStopSignal=SIGINT\nReadyWhen=notify\n" KEEP PRIVATE,
                0);
        becomes("[Exec]\nBoot=no\n",
                "[Exec]\nBoot=no\nCommand=/bin/sh\nTerminal=yes\n" KEEP PRIVATE, 0);
        becomes("[Exec]\nProcessTwo=yes\nParameters=/bin/httpd\n",
                "[Exec]\nBoot=no\nCommand=/bin/httpd\n" KEEP PRIVATE, 1);
        /* a list that is reset */
        becomes("[Exec]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n",
                "[Exec]\nBoot=yes\nEnvironment=B=2\n" KEEP PRIVATE, 0);
        /* an init is root's, in /, without arguments */
        becomes("[Exec]\nBoot=yes\nUser=www\nWorkingDirectory=/srv\nParameters=3\n",
                BOOT KEEP PRIVATE, 3);
        says("[Exec]\nParameters=3\n", true, "Parameters=3 is left out: without Boot=");
        says("[Exec]\nBoot=perhaps\n", true, "Boot=perhaps is ignored: it takes yes or no");
        says("[Exec]\nEnvironment=\"open\n", true, "the words cannot be told apart");
        says("[Exec]\nEnvironment=nothing\n", true, "Environment=nothing is left out");
        says("[Exec]\nMachineID=12\n", true, "MachineID=12 is left out");
}

static void test_security(void)
{
        becomes("[Exec]\nCapability=CAP_NET_ADMIN\nCapability=CAP_SYS_TIME\nDropCapability=all\n",
                BOOT KEEP PRIVATE "\n[Security]\nCapability=CAP_NET_ADMIN CAP_SYS_TIME\n"
                                  "DropCapability=all\n",
                0);
        says("[Exec]\nCapability=CAP_FLY\n", true, "Capability=CAP_FLY is left out");
        becomes("[Exec]\nPrivateUsers=pick\nNoNewPrivileges=no\nLinkJournal=auto\nTimezone=off\n"
                "ResolvConf=auto\nPrivateUsers=yes\nSuppressSync=false\n"
                "[Files]\nPrivateUsersOwnership=auto\n",
                BOOT KEEP PRIVATE, 0);
        says("[Exec]\nPrivateUsers=no\n", true, "root of a machine is never root of the host");
        says("[Exec]\nPrivateUsers=524288:65536\n", true, "lodge chooses");
        says("[Exec]\nNoNewPrivileges=yes\n", true, "NoNewPrivileges=yes has no counterpart");
        says("[Exec]\nTimezone=bind\n", true, "Timezone=bind has no counterpart");
}

static void test_root(void)
{
        becomes("[Exec]\nEphemeral=yes\n", BOOT PRIVATE, 0);
        becomes("[Files]\nVolatile=overlay\n", BOOT PRIVATE, 0);
        becomes("[Files]\nVolatile=no\nReadOnly=no\n", BOOT KEEP PRIVATE, 0);
        becomes("[Files]\nReadOnly=yes\n", BOOT PRIVATE, 1);
        becomes("[Files]\nVolatile=state\n", BOOT PRIVATE, 1);
        becomes("[Files]\nVolatile=yes\n", BOOT PRIVATE, 1);
        becomes("[Files]\nVolatile=maybe\n", BOOT KEEP PRIVATE, 1);
}

static void test_mounts(void)
{
        becomes("[Files]\nBind=/srv\nBindReadOnly=/etc/ssl/:/etc//ssl/.:norbind,rootidmap\n"
                "TemporaryFileSystem=/scratch\nTemporaryFileSystem=/big:size=64M,nosuid,nodev\n"
                "[Exec]\nPrivateUsers=identity\n",
                BOOT KEEP
                "Bind=/srv:/srv:rw,map=same\nBind=/etc/ssl:/etc/ssl:ro,norecursive,map=root\n"
                "Tmpfs=/scratch:mode=0755\nTmpfs=/big:size=64M\n" PRIVATE,
                1);
        becomes("[Files]\nBind=/srv:/data:idmap\nBind=/home:/home:rbind,owneridmap\n",
                BOOT KEEP "Bind=/srv:/data:rw,map=same\nBind=/home:/home:rw,map=owner\n" PRIVATE,
                0);
        becomes("[Files]\nBind=/srv\n", BOOT KEEP "Bind=/srv:/srv:rw,map=none\n" PRIVATE, 1);
        says("[Files]\nBind=/srv\n", true, "map=root in place of map=none");
        says("[Files]\nBind=:/data\n", true, "an empty source");
        says("[Files]\nBind=+/usr/share:/data\n", true, "its source lies in the image");
        says("[Files]\nBind=/dev/kvm\n", true, "Bind=/dev/kvm is left out");
        says("[Files]\nBind=srv:/srv\n", true, "Bind=srv:/srv is left out");
        says("[Files]\nBind=/srv\\:x:/srv\n", true, "a path cannot have one");
        says("[Files]\nBind=/srv:/srv:rprivate\n", true, "the option 'rprivate'");
        says("[Files]\nTemporaryFileSystem=/tmp:huge=always\n", true, "the option 'huge=always'");
        says("[Files]\nInaccessible=/srv\n", true, "Inaccessible=/srv has no counterpart");
        says("[Files]\nOverlay=/a:/b\n", true, "Overlay=/a:/b has no counterpart");
}

static void network_becomes(const char *text, const char *network, size_t notes)
{
        _cleanup_free_ char *file = NULL, *definition = NULL;

        CHECK(asprintf(&file, "[Network]\n%s", text) > 0);
        CHECK(asprintf(&definition, BOOT KEEP "\n[Network]\n%s", network) > 0);
        becomes(file, definition, notes);
}

static void test_network(void)
{
        network_becomes("Private=no\n", "Network=host\n", 0);
        network_becomes("VirtualEthernet=no\n", "Network=host\n", 0);
        network_becomes("Private=yes\n", "Network=none\n", 0);
        network_becomes("VirtualEthernet=yes\nPrivate=no\n", "Network=default\n", 0);
        network_becomes("Bridge=br0\n", "Network=bridge=br0\n", 0);
        network_becomes("Zone=office\n", "Network=office\n", 1);
        network_becomes("MACVLAN=eth0 eth1:lan\nInterface=eth2 eth3:wan\n",
                        "Network=interface=eth2:name=eth2\nNetwork=interface=eth3:name=wan\n"
                        "Network=macvlan=eth0:name=mv-eth0\nNetwork=macvlan=eth1:name=lan\n",
                        0);
        network_becomes("MACVLAN=enp5s0f1np1x\n",
                        "Network=macvlan=enp5s0f1np1x:name=mv-enp5s0f1np1x\n", 0);
        network_becomes("NamespacePath=/run/netns/a\nBridge=br0\n", "Network=netns=/run/netns/a\n",
                        0);
        /* what was refused does not open the host's network */
        network_becomes("Bridge=not a name\n", "Network=none\n", 1);
        network_becomes("IPVLAN=eth0\n", "Network=none\n", 1);
        network_becomes("VirtualEthernetExtra=a:b\n", "Network=none\n", 1);
        network_becomes("VirtualEthernet=yes\nPort=8080:80\nPort=udp:53\n",
                        "Network=default\nPublish=0.0.0.0:8080:80\nPublish=[::]:8080:80\n"
                        "Publish=0.0.0.0:53:53/udp\nPublish=[::]:53:53/udp\n",
                        0);
        network_becomes("Bridge=br0\nPort=80\n", "Network=bridge=br0\n", 1);
        network_becomes("VirtualEthernet=yes\nPort=http\nPort=0:1\nPort=70000\nPort=1:2:3\n",
                        "Network=default\n", 4);
        /* ports alone leave the network that systemd-nspawn@.service has */
        network_becomes("Port=tcp:80\n",
                        "Network=default\nPublish=0.0.0.0:80:80\nPublish=[::]:80:80\n", 0);
}

static void test_trust(void)
{
        says("[Files]\nBind=/etc\n", false, "Bind=/etc is left out: only files in");
        says("[Network]\nPrivate=no\n", false, "Private=no is left out: only files in");
        says("[Exec]\nCapability=all\n", false, "Capability=all is left out: only files in");
        _cleanup_nspawn_import_ NspawnImport i = {0};
        import("[Files]\nBind=/etc\n[Network]\nPrivate=no\n[Exec]\nBoot=no\n", false, &i);
        CHECK(!i.settings.binds && i.settings.boot == 0);
        CHECK_STRING(i.settings.networks[0], "default");
}

static void refused(const char *text, size_t n, const char *message)
{
        _cleanup_nspawn_import_ NspawnImport i = {0};
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(nspawn_import("web.nspawn", text, n, true, &i, &f), -EINVAL);
        CHECK_NUMBER(f.code, FAULT_INVALID_OPTION);
        if (!f.message || !strstr(f.message, message))
                test_fail_value(__FILE__, __LINE__, "the fault", f.message, message);
}

static void test_not_nspawn(void)
{
        _cleanup_free_ char *many = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&many, &n);

        says("[Exec]\nBoott=no\n", true,
             "Boott= in [Exec] is left out: systemd-nspawn has no such");
        says("[Files]\nBoot=no\n", true, "Boot= in [Files] is left out: it belongs in [Exec]");
        says("[Service]\nMemoryMax=1G\n", true, "MemoryMax= in [Service] is left out");
        refused("Boot=no\n", 8, "web.nspawn:1");
        refused("[Exec]\nBoot=\0no\n", 16, "web.nspawn:2");
        refused("[Exec\n", 6, "web.nspawn:1");
        CHECK(f != NULL);
        (void)fputs("[Files]\n", f);
        for (unsigned i = 0; i < 300; i++)
                (void)fprintf(f, "Inaccessible=/%u\n", i);
        CHECK(fclose(f) == 0);
        refused(many, n, "too much");
}

/* Every key of nspawn's does something, or is named as what has no counterpart. */
static void test_every_key(void)
{
        for (const NspawnKey *key = nspawn_keys(); key->name; key++) {
                const char *const values[] = {"yes",  "no",       "/srv:/srv", "1",
                                              "4k:x", "CAP_KILL", NULL};
                bool seen = false;

                STRV_FOREACH (value, values) {
                        _cleanup_nspawn_import_ NspawnImport i = {0}, none = {0};
                        _cleanup_free_ char *text = NULL, *a = NULL, *b = NULL;

                        CHECK(asprintf(&text, "[%s]\n%s=%s\n", key->section, key->name, *value) >
                              0);
                        import(text, true, &i);
                        import(NULL, true, &none);
                        a = settings_format(&i.settings);
                        b = settings_format(&none.settings);
                        seen = seen || i.notes || !streq(a, b);
                        STRV_FOREACH (note, i.notes)
                                CHECK(strstr(*note, key->name));
                }
                if (!seen)
                        test_fail_value(__FILE__, __LINE__, key->name, "nothing",
                                        "a setting or a note");
        }
}

int main(void)
{
        test_template();
        test_program();
        test_security();
        test_root();
        test_mounts();
        test_network();
        test_trust();
        test_not_nspawn();
        test_every_key();
        return 0;
}

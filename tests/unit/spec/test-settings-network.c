/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/text.h"
#include "spec/settings.h"
#include "unit/test.h"

/* The settings of a machine with @lines in [Network]. */
static void read_settings(const char *lines, Settings *ret)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_fault_ Fault f = {0};

        CHECK(asprintf(&text, "[Machine]\nImage=a\n[Network]\n%s\n", lines) > 0);
        if (settings_parse("test", text, strlen(text), ret, &f) < 0)
                test_fail_value(__FILE__, __LINE__, lines, f.message, "read");
}

static void expect(const char *lines, const char *says)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_fault_ Fault f = {0};

        read_settings(lines, &s);
        int r = settings_validate(&s, &f);
        if (!says && r < 0)
                test_fail_value(__FILE__, __LINE__, lines, f.message, "taken");
        if (says && (r != -EINVAL || f.code != FAULT_INVALID_OPTION || !strstr(f.message, says)))
                test_fail_value(__FILE__, __LINE__, lines, f.message ?: "taken", says);
}

static void expect_mode(const char *lines, NetworkMode mode)
{
        _cleanup_settings_ Settings s = {0};

        expect(lines, NULL);
        read_settings(lines, &s);
        CHECK_NUMBER(settings_network_mode(&s), mode);
}

static void test_mode(void)
{
        expect_mode("", NETWORK_MODE_NONE);
        expect_mode("PrivateNetwork=yes", NETWORK_MODE_NONE);
        expect_mode("PrivateNetwork=no", NETWORK_MODE_HOST);
        expect_mode("Network=none", NETWORK_MODE_NONE);
        expect_mode("Network=network=none", NETWORK_MODE_LINKS);
        expect_mode("Network=host", NETWORK_MODE_HOST);
        expect_mode("PrivateNetwork=no\nNetwork=host", NETWORK_MODE_HOST);
        expect_mode("PrivateNetwork=yes\nNetwork=private", NETWORK_MODE_LINKS);
        expect_mode("PrivateNetwork=yes\nNetwork=none", NETWORK_MODE_NONE);
        expect_mode("Network=netns=/run/netns/a", NETWORK_MODE_NETNS);
        expect_mode("Network=private\nNetwork=\nNetwork=macvlan=eth0", NETWORK_MODE_LINKS);
        expect("PrivateNetwork=yes\nNetwork=host", "contradict");
        expect("PrivateNetwork=no\nNetwork=private", "contradicts");
        expect("PrivateNetwork=no\nNetwork=none", "contradicts");
        expect("PrivateNetwork=no\nNetwork=netns=/a", "contradicts");
        expect("Network=none\nNetwork=private", "stand alone");
        expect("Network=private\nNetwork=host", "stand alone");
        expect("Network=private\nNetwork=netns=/a", "stand alone");
        expect("Network=host\nNetwork=host", "stand alone");
}

static void test_pairs(void)
{
        expect("Network=private backend bridge=br0 bridge=br0 macvlan=eth0 macvlan=eth0 "
               "interface=eth1",
               NULL);
        expect("Network=bridge=a a", NULL);
        expect("Network=private default:mtu=1400", "names one twice");
        expect("Network=interface=eth0 interface=eth0", "moved in");
        expect("Network=interface=eth0 macvlan=eth0", "moved in");
        expect("Network=bridge=br0 interface=br0", "moved in");
        expect("Network=a interface=a", NULL);
        expect("Network=a:name=x b:name=x", "same name=");
        expect("Network=a:name=host1 b c", NULL);
        expect("Network=a:mac=02:00:00:00:00:01 b:mac=02:00:00:00:00:01", "same mac=");
        expect("Network=a:address=10.0.0.5 bridge=b:address=10.0.0.5/24", "same address=");
        expect("Network=a b c d e f g h i j k l m n o p", NULL);
        expect("Network=a b c d e f g h i j k l m n o p q", "at most 16");
}

static void test_names(void)
{
        _cleanup_settings_ Settings s = {0};
        static const char *const names[] = {"host0", "host1", "eth0", "host2"};
        NetworkEntry *entries = NULL;
        size_t n = 0;

        read_settings("Network=a b:name=host1 c:name=eth0 d", &s);
        CHECK_NUMBER(settings_network_entries(&s, &entries, &n, NULL), 0);
        CHECK_NUMBER(n, 4);
        for (size_t i = 0; i < n; i++)
                CHECK_STRING(entries[i].name, names[i]);
        network_entries_free(entries, n);
        settings_done(&s);
        read_settings("Network=host", &s);
        CHECK_NUMBER(settings_network_entries(&s, &entries, &n, NULL), 0);
        CHECK(!entries && n == 0);
}

static void expect_many(const char *key, unsigned n, const char *says)
{
        _cleanup_free_ char *lines = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&lines, &size);

        CHECK(f);
        (void)fprintf(f, "Network=private\n");
        for (unsigned i = 1; i <= n; i++)
                (void)fprintf(f, streq(key, "Publish") ? "%s=%u:80\n" : "%s=192.0.2.%u\n", key, i);
        CHECK_NUMBER(fclose(f), 0);
        expect(lines, says);
}

static void test_needs(void)
{
        expect("Publish=80:80", "Publish= needs a network");
        expect("Network=host\nPublish=80:80", "Publish= needs a network");
        expect("PublishExposed=yes", "PublishExposed=yes needs a network");
        expect("PublishExposed=no", NULL);
        expect("Network=bridge=br0\nPublish=80:80", "Publish= needs a network");
        expect("Network=macvlan=eth0\nEgress=none", "Egress= needs a network");
        expect("Network=macvlan=eth0\nBandwidth=in=1M", "Bandwidth= needs a network");
        expect("PrivateNetwork=no\nBandwidth=out=1M", "Bandwidth= needs a network");
        expect("Network=bridge=br0\nBandwidth=in=1M", NULL);
        expect("Network=private bridge=br0\nBandwidth=out=1M", "Bandwidth=out= holds in networks");
        expect("Network=macvlan=eth0 private\nBandwidth=out=1M\nPublish=80:80", NULL);
        expect("Network=macvlan=eth0 private\nEgress=none", "go around it");
        expect("Network=private bridge=br0\nEgress=192.0.2.0/24", "go around it");
}

static void test_lists(void)
{
        expect("Network=private\nPublish=80:80 80:80/udp 127.0.0.2:80:80", NULL);
        expect("Network=private\nPublish=80:80\nPublish=127.0.0.1:80:8080",
               "Publish=80:80 and Publish=127.0.0.1:80:8080 want the same port");
        expect("Network=private\nPublish=8080-8089:80-89 0.0.0.0:8085:1", "want the same port");
        expect("Network=private\nEgress=none", NULL);
        expect_many("Publish", 128, NULL);
        expect_many("Publish", 129, "at most 128");
        expect_many("Egress", 128, NULL);
        expect_many("Egress", 129, "at most 128");
}

/* What was not said in the one way is kept in it. */
static void test_canonical(void)
{
        _cleanup_settings_ Settings s = {0};
        _cleanup_free_ char *text = NULL;

        read_settings("Network=private:address=FD00::9\nPublish=80:80/tcp [0::1]:81:81\n"
                      "Egress=192.0.2.9/24\nBandwidth=out=5000K,in=10M",
                      &s);
        text = settings_format(&s);
        CHECK_STRING(text, "[Machine]\nImage=a\n\n[Network]\nNetwork=default:address=fd00::9\n"
                           "Publish=80:80\nPublish=[::1]:81:81\nEgress=192.0.2.0/24\n"
                           "Bandwidth=in=10M,out=5M\n");
}

int main(void)
{
        test_mode();
        test_pairs();
        test_names();
        test_needs();
        test_lists();
        test_canonical();
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/network-settings.h"

#include "base/text.h"
#include "unit/test.h"

static void refuse(const char *text, const char *says)
{
        _cleanup_fault_ Fault f = {0};
        NetworkSettings s;
        int r = network_settings_parse("a.network", text, strlen(text), &s, &f);

        if (r >= 0) {
                r = network_settings_validate(&s, &f);
                network_settings_done(&s);
        }
        if (r != -EINVAL || f.code != FAULT_INVALID_OPTION || !strstr(f.message, says))
                test_fail_value(__FILE__, __LINE__, text, f.message ?: "taken", says);
}

static void take(const char *text, NetworkSettings *ret)
{
        _cleanup_fault_ Fault f = {0};

        if (network_settings_parse("a.network", text, strlen(text), ret, &f) < 0 ||
            network_settings_validate(ret, &f) < 0)
                test_fail_value(__FILE__, __LINE__, text, f.message, "taken");
}

static void test_file(void)
{
        static const char text[] =
                "[Network]\nDescription=For the shop\nLabel=a=b\nLabel=c=d\nSubnet=10.20.0.0/24\n"
                "Subnet=fd00:20::/64\nInternal=yes\nNAT=no\nDNS=no\nBridge=br-shop\nMTU=1400\n"
                "Owner=1000\nCreated=5\n";
        _cleanup_network_settings_ NetworkSettings s = {0}, standard = {0}, copy = {0};
        _cleanup_free_ char *again = NULL, *empty = NULL, *copied = NULL;

        take(text, &s);
        CHECK_STRING(s.description, "For the shop");
        CHECK_NUMBER(strv_length(s.labels), 2);
        CHECK_STRING(s.subnets[1], "fd00:20::/64");
        CHECK(s.internal && !s.nat && !s.names && s.mtu == 1400 && s.owner == 1000);
        CHECK_STRING(s.bridge, "br-shop");
        again = network_settings_format(&s);
        CHECK_STRING(again, text);
        CHECK_NUMBER(network_settings_copy(&s, &copy), 0);
        copied = network_settings_format(&copy);
        CHECK_STRING(copied, text);

        take("", &standard);
        CHECK(!standard.internal && standard.nat && standard.names && !standard.subnets);
        empty = network_settings_format(&standard);
        CHECK_STRING(empty, "");
}

static void test_values(void)
{
        _cleanup_network_settings_ NetworkSettings s = {0};
        _cleanup_fault_ Fault f = {0};
        char *const subnets[] = {(char *)"10.20.0.9/24", NULL};
        SettingValue v = {SETTING_STRV, .strv = subnets};

        network_settings_init(&s);
        CHECK_NUMBER(network_settings_set(&s, "Subnet", &v, NULL), 0);
        CHECK_STRING(s.subnets[0], "10.20.0.0/24"); /* the network's own */
        v = (SettingValue){SETTING_BOOL, .boolean = true};
        CHECK_NUMBER(network_settings_set(&s, "Internal", &v, NULL), 0);
        CHECK(s.internal);
        v = (SettingValue){SETTING_STRING, .string = ""};
        CHECK_NUMBER(network_settings_set(&s, "Subnet", &v, NULL), 0);
        CHECK(!s.subnets);
        v.string = "5";
        CHECK_NUMBER(network_settings_set(&s, "Owner", &v, NULL), -EINVAL);
        CHECK_NUMBER(network_settings_set(&s, "Subnett", &v, &f), -EINVAL);
        CHECK_STRING(f.message, "there is no setting 'Subnett'; did you mean Subnet?");
        for (const SettingKey *key = network_settings_keys(); key->name; key++) {
                _cleanup_strv_free_ char **words = NULL;

                CHECK(key->help && *key->help && key->help[strlen(key->help) - 1] != '.');
                int r = network_settings_get(&s, key, &words);
                CHECK_NUMBER(r, streq(key->name, "Internal"));
        }
}

static void test_bad(void)
{
        refuse("[Machine]\nImage=a\n", "no section [Machine]");
        refuse("[Network]\nBridge=lo\n", "not lo");
        refuse("[Network]\nBridge=1234567890123456\n", "at most 15");
        refuse("[Network]\nMTU=68\n", "1280");
        refuse("[Network]\nInternal=perhaps\n", "yes or no");
        refuse("[Network]\nSubnet=10.20.0.0\n", "ADDRESS/BITS");
        refuse("[Network]\nSubnet=ten/8\n", "ADDRESS/BITS");
        refuse("[Network]\nSubnet=::\n", "ADDRESS/BITS");
        refuse("[Network]\nSubnet=10.0.0.0/7\n", "8 to 29 bits");
        refuse("[Network]\nSubnet=10.20.0.0/30\n", "8 to 29 bits");
        refuse("[Network]\nSubnet=fd00::/47\n", "48 to 112 bits");
        refuse("[Network]\nSubnet=fd00::/113\n", "48 to 112 bits");
        refuse("[Network]\nSubnet=127.1.0.0/16\n", "loopback");
        refuse("[Network]\nSubnet=169.254.3.0/24\n", "loopback");
        refuse("[Network]\nSubnet=224.0.0.0/8\n", "multicast");
        refuse("[Network]\nSubnet=255.255.255.0/24\n", "reserved");
        refuse("[Network]\nSubnet=0.0.0.0/8\n", "reserved");
        refuse("[Network]\nSubnet=fe80::/64\n", "link-local");
        refuse("[Network]\nSubnet=ff00::/64\n", "multicast");
        refuse("[Network]\nSubnet=::/64\n", "reserved");
        refuse("[Network]\nSubnet=10.20.0.0/16 10.20.3.0/24\n",
               "Subnet=10.20.0.0/16 and Subnet=10.20.3.0/24 overlap");
        refuse("[Network]\nSubnet=fd00::/64 fd00::/64\n", "overlap");
        refuse("[Network]\nSubnet=10.1.0.0/24 10.2.0.0/24 10.3.0.0/24\n", "at most two");
        refuse("[Network]\nSubnet=10.1.0.0/24 none\n", "beside");
        refuse("[Network]\nSubnet=none none\n", "beside");
        refuse("[Network]\nSubnet=fd00::/64 fd01::/64 10.1.0.0/24 10.2.0.0/24 fd02::/64\n",
               "at most two");
}

static void test_good(void)
{
        static const char *const subnets[] = {
                "none",      "10.0.0.0/8", "10.0.0.0/29",
                "fd00::/48", "fd00::/112", "fd00::/64 fd01::/64 10.1.0.0/24 10.2.0.0/24"};

        for (size_t i = 0; i < ELEMENTSOF(subnets); i++) {
                _cleanup_network_settings_ NetworkSettings s = {0};
                _cleanup_free_ char *text = NULL;

                CHECK(asprintf(&text, "[Network]\nSubnet=%s\n", subnets[i]) > 0);
                take(text, &s);
        }
}

int main(void)
{
        test_file();
        test_values();
        test_bad();
        test_good();
        return 0;
}

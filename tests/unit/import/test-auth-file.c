/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which login of an auth.json is whose. */
#include "import/auth-file.h"
#include "unit/test.h"

#define A "{\"auth\": \"YTpw\"}" /* a:p */
#define B "{\"auth\": \"Yjpw\"}" /* b:p */

static void check_login(const char *text, const char *host, const char *repository, int result,
                        const char *user)
{
        _cleanup_auth_login_ AuthLogin login = {0};
        _cleanup_fault_ Fault f = {0};

        CHECK_NUMBER(auth_file_find(text, strlen(text), host, repository, &login, &f), result);
        CHECK_STRING(login.user, user);
        CHECK_NUMBER(f.code != FAULT_NONE, result < 0);
}

static void test_match(void)
{
        check_login("{\"auths\": {\"x.org\": " A "}}", "x.org", "y", 1, "a");
        check_login("{\"auths\": {\"X.org\": " A "}}", "x.org", "y", 1, "a");
        check_login("{\"auths\": {\"x.org:443\": " A "}}", "x.org", "y", 0, NULL);
        check_login("{\"auths\": {\"x.org\": " A "}}", "x.org.evil", "y", 0, NULL);
        check_login("{\"auths\": {\"x.org\": " A "}}", "evil-x.org", "y", 0, NULL);
        check_login("{\"auths\": {\"https://x.org/v1/\": " A "}}", "x.org", "y", 1, "a");
        check_login("{\"auths\": {\"https://index.docker.io/v1/\": " A "}}", "registry-1.docker.io",
                    "library/busybox", 1, "a");
        check_login("{\"auths\": {\"docker.io\": " A "}}", "registry-1.docker.io", "x/y", 1, "a");
        check_login("{\"auths\": {}}", "x.org", "y", 0, NULL);
        check_login("{}", "x.org", "y", 0, NULL);
}

static void test_longest(void)
{
        const char *text = "{\"auths\": {\"x.org\": " A ", \"x.org/team/app\": " B "}}";

        check_login(text, "x.org", "team/app", 1, "b");
        check_login(text, "x.org", "team/app/more", 1, "b");
        check_login(text, "x.org", "team/application", 1, "a");
        check_login(text, "x.org", "team", 1, "a");
        check_login("{\"auths\": {\"x.org/team/\": " B "}}", "x.org", "team/app", 1, "b");
        check_login("{\"auths\": {\"x.org/team\": " B "}}", "x.org", "other", 0, NULL);
}

static void test_odd(void)
{
        check_login("{\"auths\": {\"x.org\": {\"auth\": \"YTpwAAA=\"}}}", "x.org", "y", 1, "a");
        check_login("{\"auths\": {\"x.org\": {\"auth\": \"YTpwOnE=\"}}}", "x.org", "y", 1, "a");
        /* a:p\r\nq */
        check_login("{\"auths\": {\"x.org\": {\"auth\": \"YTpwDQpx\"}}}", "x.org", "y", 1, "a");
        check_login("{\"auths\": {\"x.org\": {}}}", "x.org", "y", 0, NULL);
        check_login("{\"auths\": {\"x.org\": {\"auth\": \"\"}}}", "x.org", "y", 0, NULL);
        check_login("{\"auths\": {\"x.org\": {\"identitytoken\": \"t\"}}}", "x.org", "y", 1, NULL);
        check_login("{\"auths\": {\"x.org\": {\"auth\": \"Ojpw\"}}}", "x.org", "y", -EINVAL, NULL);
        check_login("{\"auths\": {\"x.org\": {\"auth\": \"YQ==\"}}}", "x.org", "y", -EINVAL, NULL);
        check_login("{\"auths\": {\"x.org\": {\"auth\": \"YQpiOnA=\"}}}", "x.org", "y", -EINVAL,
                    NULL);
        check_login("{\"auths\": {\"x.org\": {\"auth\": 1}}}", "x.org", "y", -EINVAL, NULL);
        check_login("{\"auths\": {\"x.org\": []}}", "x.org", "y", -EINVAL, NULL);
        check_login("{\"auths\": {\"x.org\": {\"registrytoken\": \"a b\"}}}", "x.org", "y", -EINVAL,
                    NULL);
        check_login("{\"auths\": {\"other.org\": []}}", "x.org", "y", 0, NULL);
        check_login("", "x.org", "y", -EINVAL, NULL);
        check_login("[]", "x.org", "y", -EINVAL, NULL);
}

static void test_helpers(void)
{
        check_login("{\"credHelpers\": {\"x.org\": \"ecr\"}}", "x.org", "y", -EOPNOTSUPP, NULL);
        check_login("{\"credHelpers\": {\"z.org\": \"ecr\"}}", "x.org", "y", 0, NULL);
        check_login("{\"credsStore\": \"desktop\", \"auths\": {\"x.org\": {}}}", "x.org", "y",
                    -EOPNOTSUPP, NULL);
        check_login("{\"credsStore\": \"desktop\", \"auths\": {}}", "x.org", "y", 0, NULL);
        check_login("{\"credsStore\": \"desktop\", \"auths\": {\"x.org\": " A "}}", "x.org", "y", 1,
                    "a");
}

int main(void)
{
        test_match();
        test_longest();
        test_odd();
        test_helpers();
        return 0;
}

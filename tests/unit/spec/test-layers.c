/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Profiles, the file and drop-ins: in which order they count, where each value is from, and what is
 * found wrong with them. */
#include "unit/test.h"

#include "base/names.h"
#include "base/text.h"
#include "spec/layers.h"

#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/lodge-layers-XXXXXX";

static void run(const char *program, const char *path)
{
        _cleanup_free_ char *command = NULL;

        CHECK(asprintf(&command, "%s '%s%s'", program, root, path) >= 0);
        CHECK(system(command) == 0);
}

static void write_file(const char *path, const char *text)
{
        _cleanup_free_ char *full = NULL, *directory = strdup(path);

        *strrchr(directory, '/') = '\0';
        run("mkdir -p", directory);
        CHECK(asprintf(&full, "%s%s", root, path) >= 0);
        FILE *f = fopen(full, "we");
        CHECK(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* All that is found, a line each, without the root. */
static char *found_text(const Findings *findings)
{
        char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        CHECK(f);
        for (size_t i = 0; i < findings->n; i++) {
                _cleanup_free_ char *line = finding_text(&findings->list[i]);

                CHECK(line);
                char *sections = strstr(line, "there are [Machine], [Exec]");
                if (sections) /* which become more */
                        strcpy(sections, "there are [..]");
                (void)fprintf(f, "%s%s\n", findings->list[i].level == FINDING_ERROR ? "E " : "W ",
                              line + (strncmp(line, root, strlen(root)) == 0 ? strlen(root) : 0));
        }
        CHECK(fclose(f) == 0);
        return text;
}

static void expect(const char *settings, const char *found)
{
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings s = {0};
        _cleanup_free_ char *text = NULL, *is_found = NULL;

        CHECK_NUMBER(layers_read(root, "web", NULL, &layers, &findings), 0);
        CHECK_NUMBER(layers_parse(&layers, &s, NULL, &findings), 0);
        is_found = found_text(&findings);
        CHECK_STRING(is_found, found);
        text = settings_format(&s);
        CHECK_STRING(text, settings);
}

static void expect_origins(const char *name, const char *expected)
{
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings s = {0};
        _cleanup_origins_ Origins origins = {0};
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&text, &n);

        CHECK_NUMBER(layers_read(root, "web", NULL, &layers, &findings), 0);
        CHECK_NUMBER(layers_parse(&layers, &s, &origins, &findings), 0);
        for (size_t i = 0; i < origins.n; i++) {
                const char *place = strstr(origins.list[i].place, root);

                if (!streq(origins.list[i].key->name, name))
                        continue;
                STRV_FOREACH (value, origins.list[i].values)
                        (void)fprintf(f, "%s ", *value);
                (void)fprintf(f, "%.*s%s\n", (int)(place - origins.list[i].place),
                              origins.list[i].place, place + strlen(root));
        }
        CHECK(fclose(f) == 0);
        CHECK_STRING(text, expected);
}

static void test_order(void)
{
        write_file(LODGE_PROFILES_USR "/base.profile",
                   "[Exec]\nEnvironment=P=1\nUser=base\n[Security]\nCapability=CAP_KILL\n");
        write_file(LODGE_PROFILES_ETC "/top.profile", "[Exec]\nEnvironment=T=1\nUser=top\n");
        write_file(LODGE_PROFILES_USR "/top.profile", "[Exec]\nUser=hidden\n");
        write_file(LODGE_DEFINITIONS_ETC "/web.machine",
                   "[Machine]\nProfile=base top\nImage=a\n[Exec]\nCommand=run\n"
                   "Environment=F=1\n[Security]\nCapability=CAP_CHOWN\n");
        write_file(LODGE_DEFINITIONS_USR "/web.machine", "[Machine]\nImage=hidden\n");
        write_file(LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf", "[Exec]\nEnvironment=B=1\n");
        write_file(LODGE_DEFINITIONS_RUN "/web.machine.d/10-a.conf", "[Exec]\nEnvironment=A=1\n");
        write_file(LODGE_DEFINITIONS_USR "/web.machine.d/10-a.conf", "[Exec]\nEnvironment=X=1\n");
        write_file(LODGE_DEFINITIONS_ETC "/web.machine.d/30.txt", "nonsense");
        write_file(LODGE_DEFINITIONS_USR "/web.machine.d/40-m.conf", "[Exec]\nUser=masked\n");
        run("ln -s /dev/null", LODGE_DEFINITIONS_ETC "/web.machine.d/40-m.conf");
        expect("[Machine]\nProfile=base top\nImage=a\n\n[Exec]\nCommand=run\nEnvironment=P=1\n"
               "Environment=T=1\nEnvironment=F=1\nEnvironment=A=1\nEnvironment=B=1\nUser=top\n\n"
               "[Security]\nCapability=CAP_CHOWN CAP_KILL\n",
               "");
        expect_origins("Environment", "P=1 profile base: " LODGE_PROFILES_USR "/base.profile:2\n"
                                      "T=1 profile top: " LODGE_PROFILES_ETC "/top.profile:2\n"
                                      "F=1 " LODGE_DEFINITIONS_ETC "/web.machine:6\n"
                                      "A=1 " LODGE_DEFINITIONS_RUN "/web.machine.d/10-a.conf:2\n"
                                      "B=1 " LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf:2\n");
        expect_origins("User", "top profile top: " LODGE_PROFILES_ETC "/top.profile:3\n");
        expect_origins("Capability",
                       "CAP_KILL profile base: " LODGE_PROFILES_USR "/base.profile:5\n"
                       "CAP_CHOWN " LODGE_DEFINITIONS_ETC "/web.machine:8\n");
        expect_origins("Hostname", "");
}

static void test_reset(void)
{
        write_file(LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf",
                   "[Exec]\nEnvironment=\nEnvironment=B=1 C=2\nUser=\n");
        expect("[Machine]\nProfile=base top\nImage=a\n\n[Exec]\nCommand=run\nEnvironment=B=1\n"
               "Environment=C=2\n\n[Security]\nCapability=CAP_CHOWN CAP_KILL\n",
               "");
        expect_origins("Environment", LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf:2\n"
                                                            "B=1 C=2 " LODGE_DEFINITIONS_USR
                                                            "/web.machine.d/20-b.conf:3\n");
        expect_origins("User", LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf:4\n");
        run("rm", LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf");
}

/* "none" gives way to what a later line lets through, and takes the place of what came before. */
static void test_none(void)
{
        const char *head = "[Machine]\nProfile=base top\nImage=a\n\n[Exec]\nEnvironment=P=1\n"
                           "Environment=T=1\nUser=top\n\n[Network]\nNetwork=default\n",
                   *tail = "\n[Security]\nCapability=CAP_KILL\n";
        static const struct {
                const char *file, *drop_in, *egress, *origins;
        } cases[] = {
                {"Egress=192.0.2.1 192.0.2.2\n", "Egress=fd00::1\n",
                 "Egress=192.0.2.1\nEgress=192.0.2.2\nEgress=fd00::1\n",
                 "192.0.2.1 192.0.2.2 " LODGE_DEFINITIONS_ETC "/web.machine:6\n"
                 "fd00::1 " LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf:2\n"},
                {"Egress=192.0.2.1\n", "Egress=none\n", "Egress=none\n",
                 "none " LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf:2\n"},
                {"", "Egress=none\nEgress=192.0.2.1\nEgress=192.0.2.2\n",
                 "Egress=192.0.2.1\nEgress=192.0.2.2\n",
                 "192.0.2.1 " LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf:3\n"
                 "192.0.2.2 " LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf:4\n"},
                {"Egress=\n", "", "", LODGE_DEFINITIONS_ETC "/web.machine:6\n"},
                {"", "", "Egress=none\n",
                 "none profile top: " LODGE_PROFILES_ETC "/top.profile:6\n"},
        };

        write_file(LODGE_PROFILES_ETC "/top.profile",
                   "[Exec]\nEnvironment=T=1\nUser=top\n[Network]\nNetwork=private\nEgress=none\n");
        run("rm -f", LODGE_DEFINITIONS_RUN "/web.machine.d/10-a.conf");
        run("rm -f", LODGE_DEFINITIONS_USR "/web.machine.d/10-a.conf");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[512];

                (void)snprintf(text, sizeof(text),
                               "[Machine]\nProfile=base top\nImage=a\n\n[Network]\n%s",
                               cases[i].file);
                write_file(LODGE_DEFINITIONS_ETC "/web.machine", text);
                (void)snprintf(text, sizeof(text), "[Network]\n%s", cases[i].drop_in);
                write_file(LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf", text);
                (void)snprintf(text, sizeof(text), "%s%s%s", head, cases[i].egress, tail);
                expect(text, "");
                expect_origins("Egress", cases[i].origins);
        }
        write_file(LODGE_DEFINITIONS_USR "/web.machine.d/20-b.conf",
                   "[Network]\nEgress=none 192.0.2.1\n");
        {
                _cleanup_layers_ Layers layers = {0};
                _cleanup_findings_ Findings findings = {0};
                _cleanup_settings_ Settings s = {0};

                CHECK_NUMBER(layers_read(root, "web", NULL, &layers, &findings), 0);
                CHECK_NUMBER(layers_parse(&layers, &s, NULL, &findings), 0);
                CHECK_STRING(
                        findings_first_error(&findings)->message,
                        "Egress='none' is not valid: it is a list of nothing, and cannot stand "
                        "beside others");
        }
        write_file(LODGE_PROFILES_ETC "/top.profile", "[Exec]\nEnvironment=T=1\nUser=top\n");
}

#define BAD_TARGET "the machine's path must be absolute, without '.', '..' or control characters"
#define WEB        LODGE_DEFINITIONS_ETC "/web.machine"

static void test_all_is_found(void)
{
        write_file(WEB, "[Machine]\nImage=a\nKommand=x\n  Hostnme = y\n[Exce]\nnonsense\n"
                        "[Exec]\nBoot = perhaps\nImage=b\nnonsense\n[Network\nNetwork=host\n"
                        "[Files]\nBind=/a:/b \\\n  relative:/c /d:/e \\\n # no\n  'x\n"
                        "Tmpfs=/ok x \"y\"\n");
        run("rm -r", LODGE_DEFINITIONS_RUN "/web.machine.d");
        run("rm -r", LODGE_DEFINITIONS_USR "/web.machine.d");
        expect("[Machine]\nImage=a\n\n[Files]\nTmpfs=/ok\n",
               "W " WEB
               ":3:1: there is no setting 'Kommand', it is ignored: did you mean Command?\n"
               "W " WEB ":4:3: there is no setting 'Hostnme', it is ignored: did you mean "
               "Hostname?\n"
               "W " WEB ":5:2: there is no section [Exce], it is ignored: there are [..]\n"
               "E " WEB ":8:8: Boot='perhaps' is not valid: give yes or no\n"
               "E " WEB ":9:1: Image= belongs in [Machine], not in [Exec]: put it below a line "
               "[Machine]\n"
               "E " WEB ":10:1: this is neither KEY=VALUE nor a [section]\n"
               "E " WEB ":11:1: a section header ends with ']'\n"
               "E " WEB ":14:6: Bind='/a:/b    relative:/c /d:/e    'x' is not valid: a quote is "
               "left open, or a backslash begins no known escape\n"
               "E " WEB ":18:11: Tmpfs='x' is not valid: " BAD_TARGET "\n"
               "E " WEB ":18:13: Tmpfs='y' is not valid: " BAD_TARGET "\n");
}

static void test_words_in_continued_lines(void)
{
        write_file(WEB,
                   "[Machine]\nImage=a\n[Files]\nTmpfs=/a \\\n# here\n  /b bad \\\n   worse\n");
        expect("[Machine]\nImage=a\n\n[Files]\nTmpfs=/a\nTmpfs=/b\n",
               "E " WEB ":6:6: Tmpfs='bad' is not valid: " BAD_TARGET "\n"
               "E " WEB ":7:4: Tmpfs='worse' is not valid: " BAD_TARGET "\n");
}

static void test_conflicts(void)
{
        write_file(WEB, "[Machine]\nImage=a\n[Exec]\nBoot=yes\n\n  Command=b\n");
        expect("[Machine]\nImage=a\n\n[Exec]\nBoot=yes\nCommand=b\n",
               "E " WEB ":6:3: Boot=yes and Command= exclude each other: an init is booted, or a "
               "command is run\n");
        write_file(WEB, "[Exec]\nCommand=b\n");
        expect("[Exec]\nCommand=b\n", "E " WEB ": a machine needs Image= or RootDirectory=\n");
}

static void test_profiles_that_cannot_be(void)
{
        write_file(WEB, "[Machine]\nImage=a\nProfile=base nope\n");
        expect("[Machine]\nProfile=base nope\nImage=a\n\n[Exec]\nEnvironment=P=1\nUser=base\n\n"
               "[Security]\nCapability=CAP_KILL\n",
               "E " WEB ":3:1: there is no profile 'nope': there are base, top\n");
        write_file(LODGE_PROFILES_ETC "/base.profile", "[Machine]\nImage=b\nDescription=c\n");
        write_file(WEB, "[Machine]\nImage=a\nProfile=base base\n");
        expect("[Machine]\nDescription=c\nProfile=base base\nImage=a\n",
               "E " LODGE_PROFILES_ETC "/base.profile:2:1: Image= is for one machine, and has no "
               "place in a profile\n");
        write_file(WEB, "[Machine]\nImage=a\nProfile=../x\n");
        expect("[Machine]\nImage=a\n",
               "E " WEB ":3:9: Profile='../x' is not valid: give names of profiles: letters, "
               "digits, and '-' or single '.' inside\n");
}

static void test_odd_files(void)
{
        write_file(WEB, "[Machine]\nImage=a\n");
        run("mkdir", LODGE_DEFINITIONS_ETC "/web.machine.d/50-dir.conf");
        run("mkfifo", LODGE_DEFINITIONS_ETC "/web.machine.d/60-fifo.conf");
        run("ln -s /etc/passwd", LODGE_DEFINITIONS_ETC "/web.machine.d/70-link.conf");
        run("truncate -s 2M", LODGE_DEFINITIONS_ETC "/web.machine.d/80-big.conf");
        write_file(LODGE_DEFINITIONS_ETC "/web.machine.d/90-nul.conf", "[Machine]\n\xff\n");
        expect("[Machine]\nImage=a\n",
               "E " WEB ".d/50-dir.conf: it is not a regular file\n"
               "E " WEB ".d/60-fifo.conf: it is not a regular file\n"
               "E " WEB ".d/70-link.conf: it is not a regular file\n"
               "E " WEB ".d/80-big.conf: it is larger than 1 MiB\n"
               "E " WEB ".d/90-nul.conf:2:1: not UTF-8, or a control character\n");
}

static void test_a_text_without_a_place(void)
{
        static const char text[] = "[Machine]\nImage=a\nProfile=top\n";
        _cleanup_layers_ Layers layers = {0};
        _cleanup_findings_ Findings findings = {0};
        _cleanup_settings_ Settings s = {0};
        const LayerText file = {"new", text, strlen(text)};

        CHECK_NUMBER(layers_read(root, NULL, &file, &layers, &findings), 0);
        CHECK_NUMBER(layers.n, 2);
        CHECK_NUMBER(layers_parse(&layers, &s, NULL, &findings), 0);
        CHECK_NUMBER(findings.n, 0);
        CHECK_STRING(s.user, "top");
        layers_done(&layers);
        CHECK_NUMBER(layers_read(root, "other", NULL, &layers, &findings), -ENOENT);
}

int main(void)
{
        CHECK(mkdtemp(root));
        test_order();
        test_reset();
        test_none();
        test_all_is_found();
        test_words_in_continued_lines();
        test_conflicts();
        test_profiles_that_cannot_be();
        test_odd_files();
        test_a_text_without_a_place();
        run("rm -r", "");
        return 0;
}

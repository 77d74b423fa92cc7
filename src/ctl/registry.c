/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/registry.h"

#include "base/text.h"
#include "ctl/auth-file.h"
#include "spec/reference.h"

#include <string.h>
#include <termios.h>

#define PASSWORD_MAX 1024U

const char *registry_plain_reference(const char *word)
{
        const char scheme[] = "docker://";

        return strncmp(word, scheme, strlen(scheme)) == 0 ? word + strlen(scheme) : word;
}

/* From the terminal, which shows nothing of it. */
static int ask_password(const char *user, char ret[static PASSWORD_MAX], Fault *reterr)
{
        _cleanup_fclose_ FILE *tty = fopen("/dev/tty", "r+e");
        struct termios before, silent;
        char *got = NULL;

        if (!tty || tcgetattr(fileno(tty), &before) < 0)
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 "there is no terminal to ask for a password: --creds=%s:PASSWORD",
                                 user);
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        (void)fprintf(tty, "Password of %s: ", user);
        (void)fflush(tty);
        if (tcsetattr(fileno(tty), TCSAFLUSH, &silent) >= 0)
                got = fgets(ret, PASSWORD_MAX, tty);
        (void)tcsetattr(fileno(tty), TCSAFLUSH, &before);
        (void)fputc('\n', tty);
        if (!got)
                return fault_set(reterr, FAULT_CANCELLED, ECANCELED, "no password was given");
        ret[strcspn(ret, "\n")] = '\0';
        return 0;
}

static int append_credentials(sd_bus_message *m, const char *creds, Fault *reterr)
{
        char asked[PASSWORD_MAX] = "";
        const char *colon = strchr(creds, ':');
        _cleanup_free_ char *user = strndup(creds, colon ? (size_t)(colon - creds) : SIZE_MAX / 2);
        int r = user ? 0 : -ENOMEM;

        if (r >= 0 && !colon)
                r = ask_password(user, asked, reterr);
        if (r >= 0)
                r = client_append_option_string(m, "Username", user);
        if (r >= 0)
                r = client_append_option_string(m, "Password", colon ? colon + 1 : asked);
        explicit_bzero(asked, sizeof(asked));
        return r;
}

static int append_login(const Ctl *c, sd_bus_message *m, const char *reference, Fault *reterr)
{
        _cleanup_reference_ Reference parsed = {0};
        _cleanup_auth_found_ AuthFound found = {.fd = -EBADF};

        if (reference_parse(reference, &parsed, NULL) < 0)
                return 0;
        int r = auth_file_find(args_value(&c->args, "authfile"), &parsed, &found, reterr);
        if (r <= 0)
                return r;
        if (found.fd >= 0)
                return client_append_option_fd(m, "AuthFile", found.fd);
        r = client_append_option_string(m, "Username", found.user);
        return r < 0 ? r : client_append_option_string(m, "Password", found.password);
}

int registry_append_options(const Ctl *c, sd_bus_message *m, const char *reference, Fault *reterr)
{
        const char *creds = args_value(&c->args, "creds");
        const char *platform = args_value(&c->args, "platform");
        bool insecure = args_flag(&c->args, "tls-verify") == 0 || args_has(&c->args, "insecure");
        int r = platform ? client_append_option_string(m, "Platform", platform) : 0;

        if (r >= 0 && insecure)
                r = client_append_option_bool(m, "Insecure", true);
        if (r < 0)
                return r;
        return creds ? append_credentials(m, creds, reterr) : append_login(c, m, reference, reterr);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/nft.h"

#include <nftables/libnftables.h>
#include <string.h>

struct Nft {
        struct nft_ctx *ctx;
};

int nft_open(Nft **ret)
{
        _cleanup_free_ Nft *n = calloc(1, sizeof(*n));

        if (n)
                n->ctx = nft_ctx_new(NFT_CTX_DEFAULT);
        if (!n || !n->ctx)
                return -ENOMEM;
        if (nft_ctx_buffer_error(n->ctx) != 0 || nft_ctx_buffer_output(n->ctx) != 0) {
                nft_ctx_free(n->ctx);
                return -ENOMEM;
        }
        *ret = TAKE_PTR(n);
        return 0;
}

void nft_close(Nft *n)
{
        if (!n)
                return;
        nft_ctx_free(n->ctx);
        free(n);
}

/* Of "/dev/stdin:1:14-21: Error: Could not process rule: File exists\nadd element ..". */
static int refused(Nft *n, const char *what, Fault *reterr)
{
        const char *text = nft_ctx_get_error_buffer(n->ctx), *word = strstr(text, "Error: ");

        text = word ? word + strlen("Error: ") : text;
        return fault_set(reterr, FAULT_FAILED, EIO, "cannot %s: nftables says \"%.*s\"", what,
                         (int)strcspn(text, "\n"), text);
}

int nft_run(Nft *n, const char *commands, const char *what, Fault *reterr)
{
        return nft_run_cmd_from_buffer(n->ctx, commands) == 0 ? 0 : refused(n, what, reterr);
}

int nft_print(Nft *n, const char *command, const char **ret)
{
        int r = nft_run(n, command, "list rules", NULL);

        if (r >= 0)
                *ret = nft_ctx_get_output_buffer(n->ctx);
        return r;
}

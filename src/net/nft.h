/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libnftables: commands as text, each text one transaction. */
#pragma once

#include "base/fault.h"

#include <stdbool.h>

typedef struct Nft Nft;

/** nft_open() - make it ready
 * Return: 0; -ENOMEM: or the kernel has no nftables. */
int nft_open(Nft **ret);
/** nft_close() - NULL is fine; the rules stay */
void nft_close(Nft *n);
/** nft_run() - execute @commands: all of them or none
 * @what for the sentence: "change the rules of machine web"
 * Return: 0; -EIO and nftables' own words. */
int nft_run(Nft *n, const char *commands, const char *what, Fault *reterr);
/** nft_print() - execute @command and get what it prints
 * @ret valid until the next call
 * Return: 0; -EIO. */
int nft_print(Nft *n, const char *command, const char **ret);

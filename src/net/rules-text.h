/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The constant part of our tables: sets, maps and chains. */
#pragma once

/** rules_text_tables() - both tables with no element, as `nft -f` takes them
 * Written for the grammar of nftables 1.0.6, without what kernels may lack: bridge meta and bridge
 * conntrack. */
const char *rules_text_tables(void);

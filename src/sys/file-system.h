/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which file system a file is on. */
#pragma once

/** file_system_name() - "ext4", "btrfs", .. for messages
 * @fd any descriptor, O_PATH too
 * Return: static string; "unknown" for one that we have no name for. */
const char *file_system_name(int fd);

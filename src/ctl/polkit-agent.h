/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A text agent of polkit's, so that a password can be asked for on a terminal without a desktop. */
#pragma once

#include "ctl/ctl.h"

/** polkit_agent_start() - start pkttyagent beside this process, where it can be of use
 * Does nothing for root, with --no-ask-password, without a terminal, or where it is not installed.
 */
void polkit_agent_start(const Ctl *c);

/** polkit_agent_stop() - end the agent that polkit_agent_start() started, if any
 * Restores the terminal. Context: also signal handlers. */
void polkit_agent_stop(void);

/** polkit_agent_runs() - may the user be typing a password now? */
bool polkit_agent_runs(void);

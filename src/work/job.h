/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/** job_run() - get an order from lodged, carry it out, answer
 * @id the job's
 * Return: 0, also if the job failed and lodged was told; negative errno: lodged is not there. */
int job_run(const char *id);

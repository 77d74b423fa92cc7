/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of core's types, for headers that only need pointers. */
#pragma once

typedef struct Answer Answer;
typedef struct Capture Capture;
typedef struct Image Image;
typedef struct Job Job;
typedef struct Link Link;
typedef struct LinkStats LinkStats;
typedef struct Machine Machine;
typedef struct MachineNetwork MachineNetwork;
typedef struct Manager Manager;
typedef struct MountChange MountChange;
typedef struct MountedImage MountedImage;
typedef struct Network Network;
typedef struct NetworkServices NetworkServices;
typedef struct Process Process;
typedef struct Rename Rename;
typedef struct Request Request;
typedef struct Volume Volume;

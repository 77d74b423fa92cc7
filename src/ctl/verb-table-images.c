/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs on images, volumes and jobs. */
#include "ctl/verb-tables.h"
#include "ctl/verbs.h"

/* clang-format off */
const Option registry_options[] = {
        {"platform", 0, OPTION_VALUE, "OS/ARCH", "of an image for several; this host's if not given"},
        {"tls-verify", 0, OPTION_BOOL, NULL, "no: without TLS, or with any certificate"},
        {"insecure", 0, OPTION_BOOL, NULL, "the same as --tls-verify=no"},
        {"authfile", 0, OPTION_VALUE, "FILE", "where the passwords of registries are"},
        {"creds", 0, OPTION_VALUE, "USER[:PASSWORD]", "user and password for the registry"},
        {.name = NULL},
};
const Option pull_options[] = {
        {"pull", 0, OPTION_VALUE, "WHEN", "missing (the default), always, newer or never"},
        {.name = NULL},
};
const Option progress_options[] = {
        {"progress", 0, OPTION_VALUE, "FORM", "auto (the default), plain, json or none"},
        {.name = NULL},
};
const Option detach_options[] = {
        {"detach", 'd', OPTION_FLAG, NULL, "do not wait for the end; print the job's ID"},
        {.name = NULL},
};
static const Option name_options[] = {
        {"name", 'n', OPTION_VALUE, "NAME", "what the image is called here"},
        {.name = NULL},
};
static const Option push_options[] = {
        {"compression", 0, OPTION_VALUE, "FORM", "gzip (the default) or zstd"},
        {.name = NULL},
};
static const Option import_options[] = {
        {"type", 0, OPTION_VALUE, "TYPE", "auto (the default), oci, docker, tar, directory or disk"},
        {"input", 'i', OPTION_VALUE, "FILE", "what to import, as the first word says it, too"},
        {"force", 'f', OPTION_FLAG, NULL, "replace an image of this name"},
        {.name = NULL},
};
static const Option export_options[] = {
        {"format", 0, OPTION_VALUE, "FORM", "oci, docker, tar or raw"},
        {"compression", 0, OPTION_VALUE, "FORM", "none, gzip or zstd; what the file's name says"},
        {.name = NULL},
};
static const Option commit_options[] = {
        {"author", 'a', OPTION_VALUE, "NAME", "who made it"},
        {"message", 'm', OPTION_VALUE, "TEXT", "what was changed"},
        {"change", 'c', OPTION_VALUE, "KEY=VALUE", "set Command, Environment, User, Label, ..."},
        {"force", 'f', OPTION_FLAG, NULL, "replace an image of this name"},
        {"no-pause", 0, OPTION_FLAG, NULL, "let the machine run while what it has written is read"},
        {.name = NULL},
};
static const Option force_options[] = {
        {"force", 'f', OPTION_FLAG, NULL, "also if machines that do not run have it"},
        {.name = NULL},
};
static const Option tag_options[] = {
        {"force", 'f', OPTION_FLAG, NULL, "take the name from another image"},
        {.name = NULL},
};
const Option columns_options[] = {
        {"columns", 'c', OPTION_VALUE, "NAME,...", "these columns or properties only"},
        {.name = NULL},
};
const Option property_options[] = {
        {"property", 'p', OPTION_VALUE, "NAME", "only this property; may be given several times"},
        {"value", 0, OPTION_FLAG, NULL, "print values without names"},
        {.name = NULL},
};
static const Option raw_options[] = {
        {"raw", 0, OPTION_OPTIONAL, "WHAT", "print the manifest, or config, as it was received"},
        {.name = NULL},
};
static const Option df_options[] = {
        {"verbose", 'v', OPTION_FLAG, NULL, "everything by name"},
        {.name = NULL},
};
static const Option prune_options[] = {
        {"all", 'a', OPTION_FLAG, NULL, "images of layers that no machine uses, too"},
        {"volumes", 0, OPTION_FLAG, NULL, "volumes that no machine uses, too"},
        {"force", 'f', OPTION_FLAG, NULL, "do not ask"},
        {.name = NULL},
};
static const Option prune_volumes_options[] = {
        {"force", 'f', OPTION_FLAG, NULL, "do not ask"},
        {.name = NULL},
};
static const Option create_volume_options[] = {
        {"owner", 0, OPTION_VALUE, "UID", "who may use and remove it; the caller if not given"},
        {.name = NULL},
};

const Verb image_verbs[] = {
        {.name = "pull", .aliases = "image pull, pull-oci", .synopsis = "REFERENCE [NAME]",
         .summary = "Get an image from a registry", .action = "pull", .options = name_options,
         .shared = {progress_options, detach_options, registry_options}, .min_words = 1,
         .max_words = 2, .run = verb_pull},
        {.name = "push", .aliases = "image push", .synopsis = "IMAGE [REFERENCE]",
         .summary = "Send an image to a registry", .action = "push", .options = push_options,
         .shared = {progress_options, detach_options, registry_options}, .min_words = 1,
         .max_words = 2, .run = verb_push},
        {.name = "import", .aliases = "image import, import-tar, import-raw, import-fs, load",
         .synopsis = "[FILE|DIRECTORY|- [NAME]]",
         .summary = "Make an image of an archive, a tree or a disk image", .action = "import",
         .options = import_options, .shared = {progress_options, detach_options}, .max_words = 2,
         .run = verb_import},
        {.name = "export", .aliases = "image export, export-tar, export-raw, save",
         .synopsis = "IMAGE [FILE|-]", .summary = "Write an image into a file", .action = "export",
         .options = export_options, .shared = {progress_options}, .min_words = 1, .max_words = 2,
         .run = verb_export},
        {.name = "commit", .synopsis = "MACHINE IMAGE",
         .summary = "Make an image of a machine and what it wrote", .action = "commit",
         .options = commit_options, .shared = {progress_options, detach_options}, .min_words = 2,
         .max_words = 2, .run = verb_commit},
        {.name = "image ls", .aliases = "images, list-images, image list", .synopsis = "[NAME...]",
         .summary = "List images", .action = "list the images", .options = columns_options,
         .prints_table = true, .max_words = ANY_NUMBER, .run = verb_image_ls},
        {.name = "image status", .aliases = "image-status", .synopsis = "NAME...",
         .summary = "Show what images are, with their layers", .action = "show", .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_image_status},
        {.name = "image inspect", .aliases = "image show, show-image", .synopsis = "NAME...",
         .summary = "Show properties of images, for programs", .action = "show",
         .options = property_options, .shared = {raw_options}, .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_image_inspect},
        {.name = "image history", .aliases = "history", .synopsis = "NAME",
         .summary = "Show how an image was made", .action = "show the history of",
         .options = columns_options, .prints_table = true, .min_words = 1, .max_words = 1,
         .run = verb_image_history},
        {.name = "image rm", .aliases = "image remove, image delete, rmi", .synopsis = "NAME...",
         .summary = "Remove images", .action = "remove", .options = force_options, .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_image_rm},
        {.name = "image rename", .synopsis = "NAME NEW",
         .summary = "Give an image another name", .action = "rename", .min_words = 2,
         .max_words = 2, .run = verb_image_rename},
        {.name = "image tag", .aliases = "tag", .synopsis = "NAME NEW...",
         .summary = "Give an image more names", .action = "tag", .options = tag_options,
         .min_words = 2, .max_words = ANY_NUMBER, .run = verb_image_tag},
        {.name = "image clone", .synopsis = "NAME NEW", .summary = "Copy an image",
         .action = "clone", .shared = {progress_options, detach_options}, .min_words = 2,
         .max_words = 2, .run = verb_image_clone},
        {.name = "image read-only", .aliases = "read-only", .synopsis = "NAME [BOOL]",
         .summary = "Protect an image from being changed and removed", .action = "protect",
         .min_words = 1, .max_words = 2, .run = verb_image_read_only},
        {.name = "image verify", .synopsis = "NAME...",
         .summary = "Read all layers of images and compare their digests", .action = "verify",
         .shared = {progress_options}, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_image_verify},
        {.name = "df", .synopsis = "", .summary = "Show what takes space in the store",
         .action = "measure the store", .options = df_options, .prints_table = true,
         .run = verb_df},
        {.name = "prune", .aliases = "image prune", .synopsis = "",
         .summary = "Remove what nothing uses", .action = "prune", .options = prune_options,
         .run = verb_prune},
        {.name = NULL},
};

const Verb volume_verbs[] = {
        {.name = "volume ls", .aliases = "volume list", .synopsis = "[NAME...]",
         .summary = "List volumes", .action = "list the volumes", .options = columns_options,
         .prints_table = true, .max_words = ANY_NUMBER, .run = verb_volume_ls},
        {.name = "volume create", .synopsis = "NAME...", .summary = "Create volumes",
         .action = "create", .options = create_volume_options, .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_volume_create},
        {.name = "volume inspect", .aliases = "volume show", .synopsis = "NAME...",
         .summary = "Show properties of volumes, for programs", .action = "show",
         .options = property_options, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_volume_inspect},
        {.name = "volume rm", .aliases = "volume remove, volume delete", .synopsis = "NAME...",
         .summary = "Remove volumes with all that is in them", .action = "remove",
         .options = force_options, .min_words = 1, .max_words = ANY_NUMBER,
         .run = verb_volume_rm},
        {.name = "volume prune", .synopsis = "", .summary = "Remove volumes that no machine uses",
         .action = "prune the volumes", .options = prune_volumes_options,
         .run = verb_volume_prune},
        {.name = NULL},
};

const Verb job_verbs[] = {
        {.name = "job ls", .aliases = "job list, list-transfers", .synopsis = "[ID...]",
         .summary = "List pulls, imports and the like", .action = "list the jobs",
         .options = columns_options, .prints_table = true, .max_words = ANY_NUMBER,
         .run = verb_job_ls},
        {.name = "job wait", .synopsis = "ID...", .summary = "Wait for the end of jobs",
         .action = "wait for", .shared = {progress_options}, .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_job_wait},
        {.name = "job cancel", .aliases = "cancel-transfer", .synopsis = "ID...",
         .summary = "End jobs before they are done", .action = "cancel", .min_words = 1,
         .max_words = ANY_NUMBER, .run = verb_job_cancel},
        {.name = NULL},
};
/* clang-format on */

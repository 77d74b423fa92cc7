/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/order.h"

#include "base/text.h"
#include "spec/reference.h"

#include <string.h>

struct Order {
        char **args; /* key=value, as they came */
        char **have; /* sorted */
        size_t n_have;
        int fds[FRAME_FDS_MAX];
        size_t n_fds;
};

static const OrderKey common_keys[] = {
        {ORDER_OPERATION, ORDER_STRING, .required = true},
        {"uid", ORDER_NUMBER},
        {"limit-bytes", ORDER_NUMBER},
        {"limit-entries", ORDER_NUMBER},
        {NULL},
};

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

int order_new(Frame *f, Order **ret, Fault *reterr)
{
        _cleanup_order_ Order *o = calloc(1, sizeof(*o));

        if (!o)
                return -ENOMEM;
        if (f->type != FRAME_ORDER)
                return fault_set(reterr, FAULT_FAILED, EBADMSG, "lodged sent no order");
        int r = frame_strv(f, FRAME_ARG, &o->args);
        if (r >= 0)
                r = frame_strv(f, FRAME_HAVE, &o->have);
        if (r < 0)
                return r;
        o->n_have = strv_length(o->have);
        qsort(o->have, o->n_have, sizeof(*o->have), compare);
        STRV_FOREACH (s, o->args)
                if (!strchr(*s, '=') || **s == '=')
                        return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                         "lodged sent an order with a word that has no key");
        if (!order_get(o, ORDER_OPERATION))
                return fault_set(reterr, FAULT_FAILED, EBADMSG,
                                 "lodged sent an order without operation");
        memcpy(o->fds, f->fds, sizeof(o->fds));
        o->n_fds = f->n_fds;
        f->n_fds = 0;
        *ret = TAKE_PTR(o);
        return 0;
}

Order *order_free(Order *o)
{
        if (!o)
                return NULL;
        for (size_t i = 0; i < o->n_fds; i++)
                (void)close_fd(o->fds[i]);
        strv_free(o->args);
        strv_free(o->have);
        free(o);
        return NULL;
}

/* The value of @arg if its key is @key. */
static const char *value_of(const char *arg, const char *key)
{
        size_t n = strlen(key);

        return strncmp(arg, key, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static const OrderKey *find_key(const OrderKey *keys, const char *arg)
{
        for (const OrderKey *k = keys; k && k->name; k++)
                if (value_of(arg, k->name))
                        return k;
        return NULL;
}

static int check_value(const Order *o, const OrderKey *key, const char *value)
{
        uint64_t number;

        switch (key->type) {
        case ORDER_STRING: return 0;
        case ORDER_NUMBER: return parse_u64(value, UINT64_MAX, &number);
        case ORDER_FLAG: return parse_bool(value);
        case ORDER_DIGEST: return digest_is_valid(value) ? 0 : -EINVAL;
        case ORDER_DESCRIPTOR:
                return o->n_fds == 0 ? -EINVAL : parse_u64(value, o->n_fds - 1, &number);
        }
        return -EINVAL;
}

static int check_required(const Order *o, const OrderKey *keys, Fault *reterr)
{
        for (const OrderKey *k = keys; k && k->name; k++) {
                size_t n = order_count(o, k->name);

                if (k->required && n == 0)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "the order of lodged lacks '%s'", k->name);
                if (n > 1 && !k->repeated)
                        return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                         "the order of lodged has '%s' twice", k->name);
        }
        return 0;
}

int order_check(const Order *o, const OrderKey *keys, Fault *reterr)
{
        STRV_FOREACH (s, o->args) {
                const OrderKey *key = find_key(common_keys, *s) ?: find_key(keys, *s);
                _cleanup_free_ char *shown = NULL;

                if (key && check_value(o, key, value_of(*s, key->name)) >= 0)
                        continue;
                shown = text_for_display(*s, 128);
                return fault_set(reterr, FAULT_INVALID_OPTION, EINVAL,
                                 key ? "the order of lodged has a bad value: %s"
                                     : "the order of lodged has an unknown key: %s",
                                 shown ?: "");
        }
        int r = check_required(o, common_keys, reterr);
        return r < 0 ? r : check_required(o, keys, reterr);
}

const char *order_next(const Order *o, const char *key, size_t *at)
{
        const char *value;

        while (o->args[*at]) {
                value = value_of(o->args[(*at)++], key);
                if (value)
                        return value;
        }
        return NULL;
}

const char *order_get(const Order *o, const char *key)
{
        size_t at = 0;

        return order_next(o, key, &at);
}

size_t order_count(const Order *o, const char *key)
{
        size_t n = 0;

        for (size_t at = 0; order_next(o, key, &at);)
                n++;
        return n;
}

bool order_flag(const Order *o, const char *key)
{
        const char *value = order_get(o, key);

        return value && parse_bool(value) > 0;
}

uint64_t order_number(const Order *o, const char *key, uint64_t fallback)
{
        const char *value = order_get(o, key);

        if (value)
                (void)parse_u64(value, UINT64_MAX, &fallback); /* unchanged if it is none */
        return fallback;
}

int order_fd(const Order *o, const char *key)
{
        uint64_t i = order_number(o, key, UINT64_MAX);

        return i < o->n_fds ? o->fds[i] : -EBADF;
}

void order_close(Order *o, const char *key)
{
        uint64_t i = order_number(o, key, UINT64_MAX);

        if (i < o->n_fds)
                o->fds[i] = close_fd(o->fds[i]);
}

bool order_has_layer(const Order *o, const char *diff_id)
{
        return bsearch(&diff_id, o->have, o->n_have, sizeof(*o->have), compare) != NULL;
}

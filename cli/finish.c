#include "cli/cli.h"

static int exit_code(enum sl_err_kind kind)
{
    switch (kind) {
    case SL_ERR_INVALID:
        return CLI_INVALID;
    case SL_ERR_NOT_FOUND:
        return CLI_NOT_FOUND;
    case SL_ERR_UNAVAILABLE:
    case SL_ERR_TIMEOUT:
        return CLI_UNAVAILABLE;
    default:
        return CLI_FAILED;
    }
}

int cli_finish(const char *verb, struct sl_err *err)
{
    if (!err)
        return CLI_OK;
    SL_AUTOBUF(text, 0);
    int code = exit_code(err->kind);
    sl_err_format(err, &text);
    fprintf(stderr, "sluice %s: %s\n", verb, sl_buf_str(&text).p);
    sl_err_free(err);
    return code;
}

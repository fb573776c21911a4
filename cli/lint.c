/* `sluice lint FILE...`: everything that is wrong with manifests, and nothing runs. */
#include "cli.h"

#include "base/file.h"
#include "base/limits.h"
#include "core/pipeline/manifest.h"

#include <stdio.h>

static void read_file(struct diag_list *l, const char *path, struct manifest *m)
{
    struct sl_str text;
    l->file = sl_str(path);
    struct sl_err *err SL_AUTOERR = sl_file_read(l->a, path, SL_LIMIT_MANIFEST_BYTES, &text);
    if (!err) {
        manifest_read(l, text, m);
        return;
    }
    SL_AUTOBUF(message, 0);
    sl_err_format(err, &message);
    diag_add(l, DIAG_ERROR, 0, (struct sl_str){NULL, 0}, "%s", message.p);
}

static void print_findings(const struct diag_list *l)
{
    SL_AUTOBUF(line, 0);
    for (const struct diag *d = l->first; d; d = d->next) {
        sl_buf_clear(&line);
        diag_format(d, &line);
        printf("%s\n", sl_buf_str(&line).p);
    }
}

int cli_lint(int argc, char **argv)
{
    SL_AUTOARENA(a);
    if (argc < 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: sluice lint FILE...\n");
        return CLI_INVALID;
    }
    struct diag_list l;
    struct manifest m = {0};
    diag_list_init(&l, a, (struct sl_str){NULL, 0});
    for (int i = 1; i < argc; i++)
        read_file(&l, argv[i], &m);
    manifest_check(&l, &m);
    print_findings(&l);
    fflush(stdout);
    fprintf(stderr, "%zu Pipeline%s, %zu Run%s: %zu error%s, %zu warning%s\n", m.n_pipelines,
            m.n_pipelines == 1 ? "" : "s", m.n_runs, m.n_runs == 1 ? "" : "s", l.error_count,
            l.error_count == 1 ? "" : "s", l.warning_count, l.warning_count == 1 ? "" : "s");
    return l.error_count ? CLI_INVALID : CLI_OK;
}

/* `sluice version`: which build this is. */
#include "cli/cli.h"
#include "cli/flags.h"
#include "cli/output.h"

#include "core/catalog/catalog.h"
#include "kit/build_id.h"

static struct json *describe(struct sl_arena *a)
{
    struct json *o = json_new_object(a), *builds = json_new_object(a);
    size_t n;
    const struct catalog_component *const *all = catalog_all(&n);
    json_set_string(a, o, "version", sl_str(build_version()));
    for (size_t i = 0; i < n; i++)
        json_set_string(a, builds, all[i]->name, sl_str(build_id_of(all[i]->executable)));
    json_set(a, o, "builds", builds);
    return o;
}

static struct sl_err *run(int argc, char **argv)
{
    SL_AUTOARENA(a);
    struct sl_str output = SL_STR("table");
    enum output_format format;
    const struct flag flags[] = {
        {"output", 'o', FLAG_STRING, &output, "FORMAT", "table (default), json or yaml"}};
    const struct flag_set set = {
        "version",
        "[-o FORMAT]",
        "Prints which build this is; as json or yaml also each component's build id.",
        flags,
        SL_COUNTOF(flags),
        0,
        0};
    struct flag_args args;
    SL_TRY(flags_parse(a, &set, argc, argv, &args));
    if (args.help)
        return NULL;
    SL_TRY(output_parse(output, &format));
    if (format == OUTPUT_TABLE)
        printf("sluice %s\n", build_version());
    else
        output_value(format, describe(a));
    return NULL;
}

int cli_version(int argc, char **argv)
{
    return cli_finish("version", run(argc, argv));
}

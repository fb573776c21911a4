/* SchemaGen: statistics in, schema.pbtxt out; a curated schema wins and what differs is told. */
#include "core/catalog/schema_gen.h"
#include "core/data/anomalies.h"
#include "kit/report.h"
#include "kit/step.h"
#include "store/schemas.h"
#include "store/statistics.h"

static schema_message *infer(struct step *s, const struct statistics_split *splits, size_t n)
{
    const struct schema_gen_params *p = s->params;
    struct schema_options options = {
        .infer_shape = p->infer_feature_shape,
        .max_string_domain = (size_t)p->max_string_domain_size,
    };
    schema_message *schema = schema_infer(s->a, splits[0].statistics, &options);
    for (size_t i = 1; i < n; i++)
        schema_relax(s->a, schema, splits[i].statistics, &options);
    return schema;
}

static struct sl_err *load_curated(struct step *s, schema_message **ret)
{
    const struct artifact *t;
    *ret = NULL;
    SL_TRY(step_input(s, "schema", &t));
    return t ? schemas_load(s->a, t, ret) : NULL;
}

static const char *domain_text(struct sl_arena *a, const schema_message *s, const schema_feature *f)
{
    const schema_string_domain *strings = schema_string_domain_of(s, f);
    if (strings)
        return sl_arena_format(a, "%zu values", strings->n_value).p;
    switch (f->domain_info_case) {
    case SCHEMA_DOMAIN(BOOL_DOMAIN):
        return "boolean";
    case SCHEMA_DOMAIN(INT_DOMAIN):
        return "integers";
    case SCHEMA_DOMAIN(FLOAT_DOMAIN):
        return "numbers";
    case SCHEMA_DOMAIN(TIME_DOMAIN):
        return "time";
    default:
        return "";
    }
}

static void report_features(struct report *r, struct sl_arena *a, const schema_message *s)
{
    static const char *const types[] = {"", "string", "integer", "number", "struct"};
    static const struct report_column columns[] = {{"Feature", false},
                                                   {"Type", false},
                                                   {"Minimal share present", true},
                                                   {"Domain", false},
                                                   {"Values", false}};
    report_section(r, "Features");
    report_table_begin(r, "What every feature is expected to be", columns, SL_COUNTOF(columns),
                       true);
    for (size_t i = 0; i < s->n_feature; i++) {
        const schema_feature *f = s->feature[i];
        const schema_string_domain *strings = schema_string_domain_of(s, f);
        SL_AUTOBUF(values, 4096);
        for (size_t j = 0; strings && j < strings->n_value && j < 20; j++)
            sl_buf_format(&values, "%s%s", j ? ", " : "", strings->value[j]);
        report_row_begin(r, schema_is_deprecated(f) ? REPORT_WARN : REPORT_PLAIN);
        report_cell(r, sl_str(f->name ? f->name : ""));
        report_cell(r, sl_str((size_t)f->type < SL_COUNTOF(types) ? types[f->type] : ""));
        report_cell_number(
            r, f->presence && f->presence->has_min_fraction ? f->presence->min_fraction : 0);
        report_cell(r, sl_str(domain_text(a, s, f)));
        report_cell_format(r, "%s%s", sl_buf_str(&values).p,
                           strings && strings->n_value > 20 ? ", ..." : "");
        report_row_end(r);
    }
    report_table_end(r);
}

/* What the data says otherwise than the curated schema: one row a finding. Returns how many. */
static size_t report_differences(struct report *r, struct step *s, const schema_message *schema,
                                 const struct statistics_split *splits, size_t n)
{
    static const struct report_column columns[] = {
        {"Split", false}, {"Feature", false}, {"Finding", false}, {"Details", false}};
    struct validate_options options = {0};
    size_t count = 0;
    report_section(r, "Where the data differs from the curated schema");
    report_table_begin(r, "Differences", columns, SL_COUNTOF(columns), true);
    for (size_t i = 0; i < n; i++) {
        const struct anomalies *l = anomalies_find(s->a, splits[i].statistics, schema, &options);
        for (const struct anomaly *x = l->first; x; x = x->next, count++) {
            report_row_begin(r, REPORT_WARN);
            report_cell(r, splits[i].name);
            report_cell(r, x->feature);
            report_cell(r, sl_str(anomaly_type_name(x->type)));
            report_cell(r, x->description);
            report_row_end(r);
        }
    }
    report_table_end(r);
    return count;
}

static struct sl_err *write_schema(struct step *s, const schema_message *schema,
                                   struct sl_str report, struct json *properties)
{
    struct artifact_writer *w;
    SL_TRY(step_output(s, "schema", &w));
    struct sl_err *err = schemas_save(w, schema);
    if (!err)
        err = artifact_write(w, SL_STR("report.html"), report);
    if (err) {
        artifact_writer_free(w);
        return err;
    }
    return step_commit(s, "schema", w, properties);
}

static struct sl_err *run(struct step *s)
{
    const struct schema_gen_params *p = s->params;
    const struct artifact *statistics;
    struct statistics_split *splits;
    size_t n, differences = 0;
    schema_message *schema, *curated;
    SL_TRY(step_input(s, "statistics", &statistics));
    SL_TRY(statistics_open(s->a, statistics, &p->exclude_splits, &splits, &n));
    SL_TRY(load_curated(s, &curated));
    schema = curated ? curated : infer(s, splits, n);
    for (size_t i = 0; i < p->not_in_serving.n; i++)
        SL_TRY(schema_not_in_serving(s->a, schema, p->not_in_serving.p[i]),
               "params.notInServing[%zu]", i);

    struct report r;
    SL_AUTOBUF(html, 0);
    report_init(&r, "Schema",
                sl_arena_format(s->a, "%zu features, %s", schema->n_feature,
                                curated ? "as curated" : "inferred from the data")
                    .p);
    if (curated)
        differences = report_differences(&r, s, schema, splits, n);
    report_features(&r, s->a, schema);
    report_finish(&r, &html);

    struct json *properties = json_new_object(s->a);
    json_set_number(s->a, properties, "features", (double)schema->n_feature);
    json_set_bool(s->a, properties, "curated", curated != NULL);
    json_set_number(s->a, properties, "differences", (double)differences);
    step_metric(s, "features", (double)schema->n_feature);
    if (curated)
        step_message(s, "curated schema of %zu features; the data differs in %zu places",
                     schema->n_feature, differences);
    else
        step_message(s, "%zu features inferred", schema->n_feature);
    return write_schema(s, schema, sl_buf_str(&html), properties);
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "SchemaGen", run);
}

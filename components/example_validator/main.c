/* ExampleValidator: statistics against a schema, split by split. Its findings are committed first;
 * then `failOn` says whether the step ends as invalid input. */
#include "base/limits.h"
#include "codec/proto_message.h"
#include "core/catalog/example_validator.h"
#include "core/data/anomalies.h"
#include "kit/report.h"
#include "kit/step.h"
#include "store/schemas.h"
#include "store/statistics.h"

struct validation {
    struct step *s;
    schema_message *schema;
    struct statistics_split *splits, *baseline, *serving;
    size_t n_splits, n_baseline, n_serving;
    struct anomalies **found; /* (n_splits) */
    size_t error_count, warning_count;
};

/* ---- inputs -----------------------------------------------------------------------------------
 */

static struct sl_err *open_statistics(struct step *s, const char *input,
                                      struct statistics_split **ret, size_t *ret_n)
{
    const struct example_validator_params *p = s->params;
    const struct artifact *t;
    *ret_n = 0;
    SL_TRY(step_input(s, input, &t));
    return t ? statistics_open(s->a, t, &p->exclude_splits, ret, ret_n) : NULL;
}

/* The split of that name, else the first (serving data often has one of its own name). */
static const struct dataset_statistics *counterpart(const struct statistics_split *splits, size_t n,
                                                    struct sl_str name)
{
    for (size_t i = 0; i < n; i++)
        if (sl_str_eq(splits[i].name, name))
            return splits[i].statistics;
    return n ? splits[0].statistics : NULL;
}

typedef Tensorflow__Metadata__V0__FeatureComparator comparator_message;

static comparator_message *make_comparator(struct sl_arena *a, const struct validator_comparator *c)
{
    comparator_message *m = PROTO_METADATA_NEW(a, feature_comparator);
    if (c->has_l_infinity) {
        m->infinity_norm = PROTO_METADATA_NEW(a, infinity_norm);
        m->infinity_norm->has_threshold = true;
        m->infinity_norm->threshold = c->l_infinity;
    }
    if (c->has_normalized_difference) {
        m->normalized_abs_difference = PROTO_METADATA_NEW(a, normalized_absolute_difference);
        m->normalized_abs_difference->has_threshold = true;
        m->normalized_abs_difference->threshold = c->normalized_difference;
    }
    if (c->has_jensen_shannon) {
        m->jensen_shannon_divergence = PROTO_METADATA_NEW(a, jensen_shannon_divergence);
        m->jensen_shannon_divergence->has_threshold = true;
        m->jensen_shannon_divergence->threshold = c->jensen_shannon;
        if (c->histogram == 1) {
            m->jensen_shannon_divergence->source =
                PROTO_METADATA_NEW(a, jensen_shannon_divergence__histogram_source);
            m->jensen_shannon_divergence->source->has_type = true;
            m->jensen_shannon_divergence->source->type =
                TENSORFLOW__METADATA__V0__JENSEN_SHANNON_DIVERGENCE__HISTOGRAM_SOURCE__TYPE__QUANTILES;
        }
    }
    return m;
}

/* Thresholds given as parameters stand over those of the schema. */
static struct sl_err *apply_comparators(struct validation *v, const struct json_objects *list,
                                        const char *name, bool is_skew)
{
    const struct validator_comparator *c = list->p;
    for (size_t i = 0; i < list->n; i++) {
        schema_feature *f = schema_find(v->schema, c[i].feature);
        if (!f)
            return SL_ERR(INVALID, "params.%s[%zu].feature: the schema has no feature '%.*s'", name,
                          i, SL_FMT(c[i].feature));
        comparator_message *m = make_comparator(v->s->a, &c[i]);
        if (is_skew)
            f->skew_comparator = m;
        else
            f->drift_comparator = m;
    }
    return NULL;
}

static struct sl_err *load(struct validation *v)
{
    const struct example_validator_params *p = v->s->params;
    const struct artifact *t;
    SL_TRY(open_statistics(v->s, "statistics", &v->splits, &v->n_splits));
    SL_TRY(open_statistics(v->s, "baseline", &v->baseline, &v->n_baseline));
    SL_TRY(open_statistics(v->s, "serving", &v->serving, &v->n_serving));
    SL_TRY(step_input(v->s, "schema", &t));
    SL_TRY(schemas_load(v->s->a, t, &v->schema));
    SL_TRY(apply_comparators(v, &p->drift, "drift", false));
    return apply_comparators(v, &p->skew, "skew", true);
}

/* ---- checking ---------------------------------------------------------------------------------
 */

static void check_splits(struct validation *v)
{
    const struct example_validator_params *p = v->s->params;
    const struct validator_override *o = p->severity.p;
    struct severity_override *overrides =
        SL_ARENA_ARRAY(v->s->a, struct severity_override, p->severity.n);
    for (size_t i = 0; i < p->severity.n; i++) {
        anomaly_type_find(o[i].type, &overrides[i].type);
        overrides[i].severity = o[i].severity == 0 ? ANOMALY_WARNING : ANOMALY_ERROR;
    }
    v->found = SL_ARENA_ARRAY(v->s->a, struct anomalies *, v->n_splits);
    for (size_t i = 0; i < v->n_splits; i++) {
        struct validate_options options = {
            .environment = p->environment,
            .previous = counterpart(v->baseline, v->n_baseline, v->splits[i].name),
            .serving = counterpart(v->serving, v->n_serving, v->splits[i].name),
            .new_features_are_warnings = p->new_features_are_warnings,
            .overrides = overrides,
            .n_overrides = p->severity.n,
        };
        v->found[i] = anomalies_find(v->s->a, v->splits[i].statistics, v->schema, &options);
        v->error_count += v->found[i]->error_count + v->found[i]->data_missing;
        v->warning_count += v->found[i]->warning_count;
    }
}

/* ---- report -----------------------------------------------------------------------------------
 */

static void report_findings(struct report *r, const struct validation *v)
{
    static const struct report_column columns[] = {{"Split", false},
                                                   {"Feature", false},
                                                   {"Severity", false},
                                                   {"Anomaly", false},
                                                   {"Details", false}};
    report_section(r, "Anomalies");
    report_table_begin(r, "Findings", columns, SL_COUNTOF(columns), true);
    for (size_t i = 0; i < v->n_splits; i++)
        for (const struct anomaly *x = v->found[i]->first; x; x = x->next) {
            report_row_begin(r, x->severity == ANOMALY_ERROR ? REPORT_BAD : REPORT_WARN);
            report_cell(r, v->splits[i].name);
            report_cell(r, x->feature.n ? x->feature : SL_STR("(data set)"));
            report_cell(r, x->severity == ANOMALY_ERROR ? SL_STR("error") : SL_STR("warning"));
            report_cell_format(r, "%s (%s)", x->short_description, anomaly_type_name(x->type));
            report_cell(r, x->description);
            report_row_end(r);
        }
    report_table_end(r);
}

static void report_measurements(struct report *r, const struct validation *v)
{
    static const char *const distances[] = {"", "L-infinity", "Jensen-Shannon",
                                            "normalized difference"};
    static const struct report_column columns[] = {{"Split", false},   {"Feature", false},
                                                   {"Against", false}, {"Distance", false},
                                                   {"Value", true},    {"Threshold", true}};
    report_section(r, "Drift and skew");
    report_table_begin(r, "Every distance that was taken", columns, SL_COUNTOF(columns), true);
    for (size_t i = 0; i < v->n_splits; i++)
        for (const struct measurement *m = v->found[i]->first_measurement; m; m = m->next) {
            report_row_begin(r, m->value > m->threshold ? REPORT_BAD : REPORT_PLAIN);
            report_cell(r, v->splits[i].name);
            report_cell(r, m->feature);
            report_cell(r, m->is_skew ? SL_STR("serving data") : SL_STR("previous span"));
            report_cell(r, sl_str(distances[m->type]));
            report_cell_number(r, m->value);
            report_cell_number(r, m->threshold);
            report_row_end(r);
        }
    report_table_end(r);
}

static void write_report(const struct validation *v, struct sl_buf *html)
{
    struct report r;
    struct sl_str subtitle = sl_arena_format(v->s->a, "%zu splits, %zu features in the schema",
                                             v->n_splits, v->schema->n_feature);
    report_init(&r, "Validation", subtitle.p);
    if (v->error_count + v->warning_count == 0)
        report_note(&r, REPORT_GOOD, "No anomalies found.");
    else
        report_note(&r, v->error_count ? REPORT_BAD : REPORT_WARN, "%zu errors, %zu warnings.",
                    v->error_count, v->warning_count);
    for (size_t i = 0; i < v->n_splits; i++)
        if (v->found[i]->data_missing)
            report_note(&r, REPORT_BAD, "Split %.*s holds no example.", SL_FMT(v->splits[i].name));
    report_findings(&r, v);
    if (v->n_baseline || v->n_serving)
        report_measurements(&r, v);
    report_finish(&r, html);
}

/* ---- outputs ----------------------------------------------------------------------------------
 */

static struct sl_err *write_files(const struct validation *v, struct artifact_writer *w)
{
    for (size_t i = 0; i < v->n_splits; i++) {
        SL_AUTOBUF(bytes, SL_LIMIT_PROTO_BYTES);
        anomalies_encode(v->found[i], v->schema, &bytes);
        struct sl_str path =
            sl_arena_format(v->s->a, "Split-%.*s/SchemaDiff.pb", SL_FMT(v->splits[i].name));
        SL_TRY(artifact_write(w, path, sl_buf_str(&bytes)));
    }
    SL_AUTOBUF(html, 0);
    write_report(v, &html);
    return artifact_write(w, SL_STR("anomalies.html"), sl_buf_str(&html));
}

static struct json *properties_of(const struct validation *v)
{
    struct sl_arena *a = v->s->a;
    struct json *o = json_new_object(a), *blessed = json_new_object(a), *names = json_new_array(a);
    for (size_t i = 0; i < v->n_splits; i++) {
        const struct anomalies *l = v->found[i];
        json_push(a, names, json_new_string(a, v->splits[i].name));
        json_set_str(a, blessed, v->splits[i].name,
                     json_new_number(a, l->first == NULL && !l->data_missing));
    }
    json_set(a, o, "splits", names);
    json_set(a, o, "blessed", blessed);
    json_set_number(a, o, "errors", (double)v->error_count);
    json_set_number(a, o, "warnings", (double)v->warning_count);
    return o;
}

/* "fare (train: Unexpected string values), ..." of the first few. */
static void name_features(const struct validation *v, enum anomaly_severity least, struct sl_buf *b)
{
    size_t told = 0, count = 0;
    for (size_t i = 0; i < v->n_splits; i++) {
        if (v->found[i]->data_missing)
            sl_buf_format(b, "%ssplit %.*s holds no example", told++ ? ", " : "",
                          SL_FMT(v->splits[i].name));
        for (const struct anomaly *x = v->found[i]->first; x; x = x->next) {
            if (x->severity < least || count++ >= 5)
                continue;
            sl_buf_format(b, "%s%.*s (%.*s: %s)", told++ ? ", " : "",
                          SL_FMT(x->feature.n ? x->feature : SL_STR("data set")),
                          SL_FMT(v->splits[i].name), x->short_description);
        }
    }
    if (count > 5)
        sl_buf_format(b, ", and %zu more", count - 5);
}

static struct sl_err *judge(const struct validation *v)
{
    const struct example_validator_params *p = v->s->params;
    size_t bad = p->fail_on == FAIL_ON_NONE ? 0 : v->error_count;
    if (p->fail_on == FAIL_ON_WARNING)
        bad += v->warning_count;
    if (v->error_count + v->warning_count == 0)
        step_message(v->s, "no anomalies");
    else
        step_message(v->s, "%zu error%s, %zu warning%s", v->error_count,
                     v->error_count == 1 ? "" : "s", v->warning_count,
                     v->warning_count == 1 ? "" : "s");
    if (bad == 0)
        return NULL;
    SL_AUTOBUF(names, 4096);
    name_features(v, p->fail_on == FAIL_ON_WARNING ? ANOMALY_WARNING : ANOMALY_ERROR, &names);
    return step_refuse("the data does not fit the schema: %s", sl_buf_str(&names).p);
}

static struct sl_err *run(struct step *s)
{
    struct validation v = {.s = s};
    struct artifact_writer *w;
    SL_TRY(load(&v));
    check_splits(&v);
    SL_TRY(step_output(s, "anomalies", &w));
    struct sl_err *err = write_files(&v, w);
    if (err) {
        artifact_writer_free(w);
        return err;
    }
    SL_TRY(step_commit(s, "anomalies", w, properties_of(&v)));
    step_metric(s, "anomalies", (double)(v.error_count + v.warning_count));
    return judge(&v);
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "ExampleValidator", run);
}

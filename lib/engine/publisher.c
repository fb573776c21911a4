#include "engine/internal.h"

/* The index is written behind and may be made up for later: the first trouble is kept to be told,
 * and the run goes on. */
static void note_trouble(struct engine *e, struct sl_err *err)
{
    struct sl_str text = engine_error_text(e->a, err);
    if (e->publish_trouble.n == 0)
        e->publish_trouble = text;
}

static void submit(struct engine *e, struct index_publish *p, enum index_fact fact,
                   const struct run_record *run, const struct step_record *step,
                   void (*done)(struct completion *c))
{
    *p = (struct index_publish){.c.done = done, .fact = fact, .run = run, .step = step};
    e->in_flight++;
    e->cfg.index->publish(e->cfg.index, e->q, p);
}

static bool settle(struct engine *e, struct completion *c)
{
    struct sl_err *err = c->err;
    c->err = NULL;
    e->in_flight--;
    if (err)
        note_trouble(e, err);
    return err == NULL;
}

static void run_start_done(struct completion *c)
{
    settle(SL_CONTAINER_OF(c, struct engine, publish_start.c), c);
}

void publisher_run_start(struct engine *e)
{
    if (e->cfg.index)
        submit(e, &e->publish_start, INDEX_RUN_START, &e->head, NULL, run_start_done);
}

static void step_start_done(struct completion *c)
{
    struct engine_step *s = SL_CONTAINER_OF(c, struct engine_step, publish_start.c);
    s->publish_start_busy = false;
    settle(s->e, c);
}

void publisher_step_start(struct engine_step *s)
{
    if (!s->e->cfg.index || s->publish_start_busy)
        return;
    s->publish_start_busy = true;
    s->published_start = s->e->record.steps[s->index];
    submit(s->e, &s->publish_start, INDEX_STEP_START, &s->e->head, &s->published_start,
           step_start_done);
}

static void step_end_done(struct completion *c)
{
    struct engine_step *s = SL_CONTAINER_OF(c, struct engine_step, publish.c);
    s->e->facts[s->index].published = settle(s->e, c) ? ANSWER_YES : ANSWER_NO;
}

void publisher_step_end(struct engine_step *s)
{
    struct engine *e = s->e;
    e->facts[s->index].published = e->cfg.index ? ANSWER_ASKED : ANSWER_YES;
    s->published_end = e->record.steps[s->index];
    if (e->cfg.index)
        submit(e, &s->publish, INDEX_STEP_END, &e->head, &s->published_end, step_end_done);
}

static void run_end_done(struct completion *c)
{
    struct engine *e = SL_CONTAINER_OF(c, struct engine, publish_end.c);
    e->published = settle(e, c) ? ANSWER_YES : ANSWER_NO;
}

static void record_put(struct completion *c)
{
    struct engine *e = SL_CONTAINER_OF(c, struct engine, put_record.c);
    bool stored = settle(e, c);
    if (e->cfg.index)
        submit(e, &e->publish_end, INDEX_RUN_END, &e->record, NULL, run_end_done);
    else
        e->published = stored ? ANSWER_YES : ANSWER_NO;
}

/* Storage first: the index can be rebuilt from it, not the other way round. */
void publisher_run_end(struct engine *e)
{
    e->published = ANSWER_ASKED;
    sl_buf_clear(&e->record_text);
    run_record_encode(&e->record, &e->record_text);
    e->put_record = (struct blob_request){
        .c.done = record_put,
        .op = BLOB_PUT,
        .uri = sl_arena_format(e->a, "%.*s/_run.json", SL_FMT(e->record.uri)),
        .data = e->record_text.p,
        .size = e->record_text.n,
    };
    e->in_flight++;
    blobs_submit(e->cfg.blobs, e->q, &e->put_record);
}

#include "adapter/cpu/learner_cpu.h"

#include "adapter/cpu/backward.h"
#include "base/alloc.h"
#include "base/assert.h"
#include "base/rng.h"
#include "base/vec.h"

enum {
    CHUNK_ROWS = 128,   /* a chunk is worth a thread from about here on */
    MAX_CHUNKS = 16,    /* of a batch: each has gradients of its own */
    PASS_ROWS = 32768,  /* of a full pass at once */
    PIECE = 16384,      /* parameters of a layer that one thread updates at a time */
    FORWARD_ROWS = 4096 /* rows of a forward pass that one thread takes at a time */
};

/* A part of the parameters that one thread updates alone. */
struct piece {
    const struct net_table *table; /* of id input `id`; NULL: a range of a layer */
    size_t id;
    size_t offset, n; /* in params */
    float l2;
};

/* Which rows of a table the batch has touched. */
struct touched {
    uint64_t *stamps; /* (n_rows): the last batch that touched it */
    uint32_t *rows;
    size_t n;
};

struct learner_cpu {
    struct learner base;
    struct learner_config config;
    struct net net; /* the shape, with params */
    struct workers *workers;
    float *params, *first, *second; /* (n_params) */
    float *transposed;              /* (n_params - tables_end) */
    float *gradient;                /* (n_params): tables and, with several chunks, layers */
    struct touched *touched;        /* (n_ids) */
    SL_VEC(struct piece) pieces;
    struct backward_chunk chunks[MAX_CHUNKS];
    struct backward_scratch *scratch; /* (threads) */
    size_t scratch_rows;
    uint64_t batch_count; /* batches so far, for the stamps */
    /* The batch in work. */
    struct backward_job job;
    size_t n_chunks;
    const struct optimizer_step *update; /* NULL: leave the sums in `gradient` */
};

static struct learner_cpu *self(struct learner *l)
{
    return SL_CONTAINER_OF(l, struct learner_cpu, base);
}

/* ---- parts of a batch ---- */

static struct sl_err *run_chunk(void *ctx, size_t index, int thread)
{
    struct learner_cpu *l = ctx;
    backward_run(&l->job, &l->chunks[index], &l->scratch[thread]);
    return NULL;
}

static void add(float *restrict to, const float *restrict from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* The gradient of a table's rows: what each row of the batch says about its id, in order. */
static void sum_table(struct learner_cpu *l, const struct piece *p)
{
    const struct net_table *t = p->table;
    /* Copies: the structs of several tables share cache lines, and other threads write them. */
    struct touched touched = l->touched[p->id];
    const size_t n_ids = l->net.n_ids, width = t->width;
    const uint64_t stamp = l->batch_count;
    float *gradient = l->gradient + t->offset;
    touched.n = 0;
    for (size_t c = 0; c < l->n_chunks; c++) {
        const struct backward_chunk *chunk = &l->chunks[c];
        const float *from = t->one_hot ? chunk->sums : chunk->x + (t->column - l->net.n_floats);
        size_t stride = t->one_hot ? width : l->net.layers[0].n_in - l->net.n_floats;
        for (size_t r = 0; r < chunk->n; r++) {
            uint32_t id = chunk->ids[r * n_ids + p->id];
            if (touched.stamps[id] != stamp) {
                touched.stamps[id] = stamp;
                touched.rows[touched.n++] = id;
                memset(gradient + id * width, 0, width * sizeof *gradient);
            }
            add(gradient + id * width, from + r * stride, width);
        }
    }
    l->touched[p->id].n = touched.n;
}

static void update_table(struct learner_cpu *l, const struct piece *p)
{
    const struct touched *touched = &l->touched[p->id];
    for (size_t i = 0; i < touched->n; i++) {
        size_t at = p->offset + touched->rows[i] * p->table->width;
        optimizer_apply(l->update, p->l2, p->table->width, l->params + at, l->gradient + at,
                        l->first + at, l->second + at);
    }
}

static void run_range(struct learner_cpu *l, const struct piece *p)
{
    size_t from = p->offset - l->net.tables_end;
    const float *g = l->chunks[0].layers + from;
    if (l->n_chunks > 1 || !l->update) {
        memcpy(l->gradient + p->offset, g, p->n * sizeof *g);
        for (size_t c = 1; c < l->n_chunks; c++)
            add(l->gradient + p->offset, l->chunks[c].layers + from, p->n);
        g = l->gradient + p->offset;
    }
    if (l->update)
        optimizer_apply(l->update, p->l2, p->n, l->params + p->offset, g, l->first + p->offset,
                        l->second + p->offset);
}

static struct sl_err *run_piece(void *ctx, size_t index, int thread SL_UNUSED)
{
    struct learner_cpu *l = ctx;
    const struct piece *p = &l->pieces.p[index];
    if (!p->table) {
        run_range(l, p);
        return NULL;
    }
    sum_table(l, p);
    if (l->update)
        update_table(l, p);
    return NULL;
}

/* A small batch is done before another thread has woken up. */
static struct sl_err *run_parts(struct learner_cpu *l, size_t count,
                                struct sl_err *(*part)(void *ctx, size_t index, int thread))
{
    if (l->n_chunks > 1)
        return workers_parallel_for(l->workers, count, part, l);
    for (size_t i = 0; i < count; i++)
        SL_TRY(part(l, i, 0));
    return NULL;
}

/* Room for chunks of `rows` rows. */
static void grow(struct learner_cpu *l, size_t n_chunks, size_t rows)
{
    for (size_t i = 0; i < n_chunks; i++) {
        if (l->chunks[i].capacity >= rows)
            continue;
        backward_chunk_deinit(&l->chunks[i]);
        backward_chunk_init(&l->chunks[i], &l->net, rows);
    }
    if (l->scratch_rows >= rows)
        return;
    for (int t = 0; t < workers_count(l->workers); t++) {
        backward_scratch_deinit(&l->scratch[t]);
        backward_scratch_init(&l->scratch[t], &l->net, rows);
    }
    l->scratch_rows = rows;
}

/* Cuts the batch into chunks: a function of its size alone. */
static void cut(struct learner_cpu *l, const uint32_t *rows, size_t n_rows)
{
    size_t each = SL_MAX((n_rows + MAX_CHUNKS - 1) / MAX_CHUNKS, (size_t)CHUNK_ROWS);
    each = SL_MIN(each, n_rows);
    l->n_chunks = (n_rows + each - 1) / each;
    grow(l, l->n_chunks, each);
    for (size_t i = 0; i < l->n_chunks; i++) {
        l->chunks[i].rows = rows + i * each;
        l->chunks[i].n = SL_MIN(each, n_rows - i * each);
        l->chunks[i].index = i;
    }
}

/* Gradients of a batch; applied when l->update is set. Returns the sum of scaled losses. */
static struct sl_err *run_batch(struct learner_cpu *l, const uint32_t *rows, size_t n_rows,
                                double *ret_loss)
{
    cut(l, rows, n_rows);
    l->batch_count++;
    backward_transpose(&l->net, l->params, l->transposed);
    SL_TRY(run_parts(l, l->n_chunks, run_chunk));
    SL_TRY(run_parts(l, l->pieces.n, run_piece));
    double loss = 0;
    for (size_t i = 0; i < l->n_chunks; i++)
        loss += l->chunks[i].loss;
    *ret_loss = loss;
    return NULL;
}

/* ---- the port ---- */

static double weight_of(const struct dataset *d, const uint32_t *rows, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n && d->weights; i++)
        sum += d->weights[rows[i]];
    return d->weights ? sum : (double)n;
}

static struct sl_err *cpu_step(struct learner *base, uint64_t step, const uint32_t *rows,
                               size_t n_rows, float rate, double *ret_loss)
{
    struct learner_cpu *l = self(base);
    double weight = weight_of(l->config.train, rows, n_rows);
    struct optimizer_step update = optimizer_at(&l->config.optimizer, rate, step + 1);
    l->update = &update;
    l->job.scale = weight > 0 ? (float)(1 / weight) : 0;
    l->job.dropout = l->config.dropout;
    l->job.seed = sl_mix64(l->config.seed ^ sl_mix64(step));
    double loss;
    struct sl_err *err = run_batch(l, rows, n_rows, &loss);
    l->update = NULL;
    SL_TRY(err);
    if (ret_loss)
        *ret_loss = loss;
    return NULL;
}

/* Adds what the pass left in `gradient`; of the tables only the rows it has touched. */
static void add_gradient(const struct learner_cpu *l, double *to)
{
    for (size_t i = 0; i < l->pieces.n; i++) {
        const struct piece *p = &l->pieces.p[i];
        for (size_t k = 0; k < p->n && !p->table; k++)
            to[p->offset + k] += l->gradient[p->offset + k];
        for (size_t k = 0; p->table && k < l->touched[p->id].n; k++) {
            size_t at = p->offset + l->touched[p->id].rows[k] * p->table->width;
            for (size_t j = 0; j < p->table->width; j++)
                to[at + j] += l->gradient[at + j];
        }
    }
}

static struct sl_err *cpu_gradient(struct learner *base, double *ret_loss, double *ret_gradient)
{
    struct learner_cpu *l = self(base);
    const struct dataset *d = l->config.train;
    SL_AUTOFREE uint32_t *rows = sl_alloc(PASS_ROWS * sizeof *rows);
    double weight = 0, loss = 0;
    memset(ret_gradient, 0, l->net.n_params * sizeof *ret_gradient);
    l->job.scale = 1;
    l->job.dropout = 0;
    for (size_t at = 0; at < d->n_rows; at += PASS_ROWS) {
        size_t n = SL_MIN(d->n_rows - at, (size_t)PASS_ROWS);
        for (size_t i = 0; i < n; i++)
            rows[i] = (uint32_t)(at + i);
        double part;
        SL_TRY(run_batch(l, rows, n, &part));
        loss += part;
        weight += weight_of(d, rows, n);
        add_gradient(l, ret_gradient);
    }
    weight = weight > 0 ? weight : 1;
    for (size_t i = 0; i < l->net.n_params; i++)
        ret_gradient[i] /= weight;
    *ret_loss = loss / weight;
    return NULL;
}

struct forward_job {
    const struct net *net;
    const struct dataset *data;
    float *ret;
};

static struct sl_err *run_forward(void *ctx, size_t index, int thread SL_UNUSED)
{
    const struct forward_job *job = ctx;
    const struct dataset *d = job->data;
    size_t at = index * FORWARD_ROWS, n = SL_MIN(d->n_rows - at, (size_t)FORWARD_ROWS);
    net_forward(job->net, d->floats + at * d->n_floats, d->ids + at * d->n_ids, n,
                job->ret + at * job->net->n_out);
    return NULL;
}

static struct sl_err *cpu_forward(struct learner *base, enum learner_set set, float *ret)
{
    struct learner_cpu *l = self(base);
    const struct dataset *d = set == LEARNER_VAL ? l->config.val : l->config.train;
    sl_assert(d != NULL);
    struct forward_job job = {.net = &l->net, .data = d, .ret = ret};
    return workers_parallel_for(l->workers, (d->n_rows + FORWARD_ROWS - 1) / FORWARD_ROWS,
                                run_forward, &job);
}

static void copy(float *to, const float *from, size_t n)
{
    if (to && from)
        memcpy(to, from, n * sizeof *to);
}

static struct sl_err *cpu_get(struct learner *base, const struct learner_state *to)
{
    const struct learner_cpu *l = self(base);
    copy(to->params, l->params, l->net.n_params);
    copy(to->first, l->first, l->net.n_params);
    copy(to->second, l->second, l->net.n_params);
    return NULL;
}

static struct sl_err *cpu_set(struct learner *base, const struct learner_state *from)
{
    struct learner_cpu *l = self(base);
    copy(l->params, from->params, l->net.n_params);
    copy(l->first, from->first, l->net.n_params);
    copy(l->second, from->second, l->net.n_params);
    return NULL;
}

static void cpu_free(struct learner *base)
{
    struct learner_cpu *l = self(base);
    for (size_t i = 0; i < MAX_CHUNKS; i++)
        backward_chunk_deinit(&l->chunks[i]);
    for (int t = 0; t < workers_count(l->workers); t++)
        backward_scratch_deinit(&l->scratch[t]);
    for (size_t i = 0; i < l->net.n_ids; i++) {
        sl_free(l->touched[i].stamps);
        sl_free(l->touched[i].rows);
    }
    sl_free(l->scratch);
    sl_free(l->touched);
    sl_free(l->params);
    sl_free(l->first);
    sl_free(l->second);
    sl_free(l->transposed);
    sl_free(l->gradient);
    sl_vec_deinit(&l->pieces);
    sl_free(l);
}

static const struct learner_ops CPU_OPS = {.step = cpu_step,
                                           .gradient = cpu_gradient,
                                           .forward = cpu_forward,
                                           .get = cpu_get,
                                           .set = cpu_set,
                                           .free = cpu_free};

/* ---- set-up ---- */

static void add_range(struct learner_cpu *l, size_t offset, size_t n, float l2)
{
    for (size_t at = 0; at < n; at += PIECE)
        *sl_vec_add(&l->pieces) =
            (struct piece){.offset = offset + at, .n = SL_MIN(n - at, (size_t)PIECE), .l2 = l2};
}

static void make_pieces(struct learner_cpu *l)
{
    float l2 = l->config.l2;
    for (size_t i = 0; i < l->net.n_ids; i++) {
        const struct net_table *t = &l->net.tables[i];
        *sl_vec_add(&l->pieces) =
            (struct piece){.table = t, .id = i, .offset = t->offset, .l2 = l2};
        l->touched[i].stamps = SL_NEW_ARRAY(uint64_t, t->n_rows);
        l->touched[i].rows = sl_alloc(t->n_rows * sizeof *l->touched[i].rows);
    }
    for (size_t i = 0; i < l->net.n_layers; i++) {
        const struct net_layer *layer = &l->net.layers[i];
        add_range(l, layer->weights, layer->n_in * layer->n_out, l2);
        add_range(l, layer->bias, layer->n_out, 0);
    }
}

static float *zeros(size_t n)
{
    float *p = sl_alloc_aligned(SL_MAX(n, (size_t)1) * sizeof *p);
    memset(p, 0, n * sizeof *p);
    return p;
}

struct learner *learner_cpu_new(const struct learner_config *config, struct workers *workers)
{
    struct learner_cpu *l = SL_NEW(struct learner_cpu);
    size_t n = config->net->n_params;
    l->base.ops = &CPU_OPS;
    l->config = *config;
    l->net = *config->net;
    l->workers = workers;
    l->params = zeros(n);
    l->first = zeros(n);
    l->second = zeros(n);
    l->transposed = zeros(n - config->net->tables_end);
    l->gradient = zeros(n);
    l->net.params = l->params;
    l->touched = SL_NEW_ARRAY(struct touched, l->net.n_ids);
    l->scratch = SL_NEW_ARRAY(struct backward_scratch, (size_t)workers_count(workers));
    l->job = (struct backward_job){.net = &l->net,
                                   .task = config->task,
                                   .data = config->train,
                                   .params = l->params,
                                   .transposed = l->transposed};
    make_pieces(l);
    return &l->base;
}

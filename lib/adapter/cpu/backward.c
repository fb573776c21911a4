#include "adapter/cpu/backward.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/rng.h"
#include "core/learn/loss.h"
#include "core/learn/matmul.h"

static float *floats_new(size_t n)
{
    return sl_alloc_aligned(SL_MAX(n, (size_t)1) * sizeof(float));
}

void backward_chunk_init(struct backward_chunk *c, const struct net *net, size_t capacity)
{
    const struct net_layer *first = &net->layers[0];
    *c = (struct backward_chunk){.capacity = capacity};
    c->ids = sl_alloc(SL_MAX(capacity * net->n_ids, (size_t)1) * sizeof *c->ids);
    c->layers = floats_new(net->n_params - net->tables_end);
    c->sums = floats_new(capacity * first->n_out);
    c->x = floats_new(capacity * (first->n_in - net->n_floats));
}

void backward_chunk_deinit(struct backward_chunk *c)
{
    sl_free(c->ids);
    sl_free(c->layers);
    sl_free(c->sums);
    sl_free(c->x);
    *c = (struct backward_chunk){0};
}

void backward_scratch_init(struct backward_scratch *s, const struct net *net, size_t capacity)
{
    *s = (struct backward_scratch){.n_layers = net->n_layers};
    s->floats = floats_new(capacity * net->n_floats);
    s->activations = SL_NEW_ARRAY(float *, net->n_layers + 1);
    s->activations[0] = floats_new(capacity * net->layers[0].n_in);
    for (size_t i = 0; i < net->n_layers; i++)
        s->activations[i + 1] = floats_new(capacity * net->layers[i].n_out);
    s->dz = floats_new(capacity * net->widest);
    s->dx = floats_new(capacity * net->widest);
}

void backward_scratch_deinit(struct backward_scratch *s)
{
    for (size_t i = 0; s->activations && i <= s->n_layers; i++)
        sl_free(s->activations[i]);
    sl_free(s->activations);
    sl_free(s->floats);
    sl_free(s->dz);
    sl_free(s->dx);
    *s = (struct backward_scratch){0};
}

static void gather_rows(const struct backward_job *job, struct backward_chunk *c, float *floats)
{
    const struct dataset *d = job->data;
    for (size_t r = 0; r < c->n; r++) {
        size_t row = c->rows[r];
        if (d->n_floats)
            memcpy(floats + r * d->n_floats, d->floats + row * d->n_floats,
                   d->n_floats * sizeof *floats);
        if (d->n_ids)
            memcpy(c->ids + r * d->n_ids, d->ids + row * d->n_ids, d->n_ids * sizeof *c->ids);
    }
}

/* relu, and each unit left out with probability `dropout`, the others scaled so that the mean
 * stays. */
static void activate(float *z, size_t n, float dropout, struct sl_rng *r)
{
    if (dropout == 0) {
        for (size_t i = 0; i < n; i++)
            z[i] = z[i] > 0 ? z[i] : 0;
        return;
    }
    const float scale = 1 / (1 - dropout);
    const uint32_t bound = (uint32_t)((double)dropout * 4294967296.0);
    for (size_t i = 0; i < n; i += 2) { /* one draw serves two units */
        uint64_t bits = sl_rng_u64(r);
        for (size_t j = i; j < n && j < i + 2; j++, bits >>= 32)
            z[j] = (z[j] > 0 ? z[j] : 0) * ((uint32_t)bits >= bound ? scale : 0.0f);
    }
}

static void forward(const struct backward_job *job, struct backward_chunk *c,
                    struct backward_scratch *s)
{
    const struct net *net = job->net;
    struct sl_rng r;
    sl_rng_init_stream(&r, job->seed, c->index);
    net_gather(net, job->params, s->floats, c->ids, c->n, s->activations[0]);
    for (size_t i = 0; i < net->n_layers; i++) {
        const struct net_layer *l = &net->layers[i];
        float *z = s->activations[i + 1];
        if (i == 0)
            net_first_sums(net, job->params, c->ids, c->n, z);
        for (size_t k = 0; k < c->n && i > 0; k++)
            memcpy(z + k * l->n_out, job->params + l->bias, l->n_out * sizeof *z);
        matmul_add(z, s->activations[i], job->params + l->weights, c->n, l->n_in, l->n_out);
        if (i + 1 < net->n_layers)
            activate(z, c->n * l->n_out, job->dropout, &r);
    }
}

/* dz of the last layer, row by row. */
static void differentiate_loss(const struct backward_job *job, struct backward_chunk *c,
                               const float *z, float *dz)
{
    size_t n_out = job->net->n_out;
    c->loss = 0;
    for (size_t r = 0; r < c->n; r++) {
        size_t row = c->rows[r];
        c->loss += loss_row(job->task, z + r * n_out, n_out, job->data->labels[row],
                            dataset_weight(job->data, row) * job->scale, dz + r * n_out);
    }
}

/* ret += the sum of rows. */
static void sum_columns(const float *dz, size_t n, size_t n_out, float *ret)
{
    for (size_t r = 0; r < n; r++) {
        for (size_t j = 0; j < n_out; j++)
            ret[j] += dz[r * n_out + j];
    }
}

void backward_transpose(const struct net *net, const float *params, float *ret)
{
    for (size_t i = 0; i < net->n_layers; i++) {
        const struct net_layer *l = &net->layers[i];
        size_t skipped = i == 0 ? net->n_floats : 0; /* nobody asks what floats should have been */
        matmul_transpose(ret + (l->weights - net->tables_end),
                         params + l->weights + skipped * l->n_out, l->n_in - skipped, l->n_out);
    }
}

/* ret = dz W^T, for the rows of W that backward_transpose has kept. */
static void pass_back(const struct backward_job *job, const struct net_layer *l, size_t n_in,
                      const float *dz, size_t n, float *ret)
{
    memset(ret, 0, n * n_in * sizeof *ret);
    matmul_add(ret, dz, job->transposed + (l->weights - job->net->tables_end), n, l->n_out, n_in);
}

/* A product with 0 or the scale, not a choice of products: that is what compilers make vectors of.
 */
static void derive_activation(const float *restrict x, const float *restrict dx, float scale,
                              size_t n, float *restrict ret)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = dx[i] * (x[i] > 0 ? scale : 0.0f);
}

/* From s->dz of the last layer down to the first. A unit that gave zero passes nothing on; one that
 * dropout let through was scaled, and so is its derivative. */
static void backward(const struct backward_job *job, struct backward_chunk *c,
                     struct backward_scratch *s)
{
    const struct net *net = job->net;
    const float scale = 1 / (1 - job->dropout);
    memset(c->layers, 0, (net->n_params - net->tables_end) * sizeof *c->layers);
    for (size_t i = net->n_layers; i-- > 0;) {
        const struct net_layer *l = &net->layers[i];
        const float *x = s->activations[i];
        float *weights = c->layers + (l->weights - net->tables_end);
        matmul_add_transposed(weights, x, s->dz, l->n_in, c->n, l->n_out);
        sum_columns(s->dz, c->n, l->n_out, c->layers + (l->bias - net->tables_end));
        if (i == 0)
            break;
        pass_back(job, l, l->n_in, s->dz, c->n, s->dx);
        derive_activation(x, s->dx, scale, c->n * l->n_in, s->dz);
    }
    const struct net_layer *first = &net->layers[0];
    pass_back(job, first, first->n_in - net->n_floats, s->dz, c->n, c->x);
    memcpy(c->sums, s->dz, c->n * first->n_out * sizeof *c->sums);
}

void backward_run(const struct backward_job *job, struct backward_chunk *c,
                  struct backward_scratch *s)
{
    sl_assert_cmp(c->n, <=, c->capacity);
    gather_rows(job, c, s->floats);
    forward(job, c, s);
    differentiate_loss(job, c, s->activations[job->net->n_layers], s->dz);
    backward(job, c, s);
}

/* Pusher: a blessed model to a versioned directory. A model that is not blessed is refused with the
 * reason. */
#include "base/time.h"
#include "core/catalog/pusher.h"
#include "kit/step.h"
#include "kit/storage.h"
#include "store/push.h"
#include "store/registry.h"

#include <pwd.h>
#include <unistd.h>

static struct sl_err *check_blessing(const struct artifact *blessing, const struct artifact *model)
{
    struct sl_str reason =
        json_get_string(blessing->properties, "reason", SL_STR("no reason is given"));
    struct sl_str digest = json_get_string(blessing->properties, "model_digest", SL_STR(""));
    if (!json_get_bool(blessing->properties, "blessed", false))
        return step_refuse("the model is not blessed: %.*s", SL_FMT(reason));
    if (digest.n && !sl_str_eq(digest, model->digest))
        return step_refuse(
            "the blessing is for another model: it names digest %.*s, the model's is %.*s",
            SL_FMT(digest), SL_FMT(model->digest));
    return NULL;
}

static struct sl_err *check_blessings(struct step *s, const struct artifact *model)
{
    const struct artifact *blessing, *infra;
    SL_TRY(step_input(s, "blessing", &blessing));
    SL_TRY(check_blessing(blessing, model));
    SL_TRY(step_input(s, "infra_blessing", &infra));
    return infra ? check_blessing(infra, model) : NULL;
}

/* Who: the user of the process by name, or its number. Not a secret, and never an artifact of the
 * deterministic kind. */
static struct sl_str pusher_of(struct sl_arena *a)
{
    const struct passwd *user = getpwuid(geteuid());
    return user ? sl_arena_str(a, sl_str(user->pw_name))
                : sl_arena_format(a, "uid %d", (int)geteuid());
}

static struct json *record_of(struct step *s, const struct artifact *model,
                              const struct push_result *done, int64_t now_us)
{
    char now[SL_TIME_TEXT];
    sl_time_format(now_us, now);
    struct json *o = json_new_object(s->a);
    json_set_bool(s->a, o, PUSHED_PROPERTY, true);
    json_set_string(s->a, o, PUSHED_PROPERTY_DESTINATION, done->uri);
    json_set_string(s->a, o, PUSHED_PROPERTY_VERSION, done->version);
    json_set_string(s->a, o, PUSHED_PROPERTY_MODEL, model->digest);
    json_set_string(s->a, o, "model_uri", model->uri);
    json_set_string(s->a, o, "pushed_at", sl_arena_str(s->a, sl_str(now)));
    json_set_string(s->a, o, "pushed_by", pusher_of(s->a));
    json_set_string(s->a, o, "run", s->task->run_uid);
    struct json *data = json_get(model->properties, "data");
    if (data)
        json_set(s->a, o, "data", data);
    return o;
}

static struct sl_err *run(struct step *s)
{
    const struct pusher_params *p = s->params;
    const struct artifact *model;
    struct sl_str destination;
    struct push_result done;
    struct artifact_writer *w;
    SL_TRY(step_input(s, "model", &model));
    SL_TRY(check_blessings(s, model));
    SL_TRY(storage_uri(s->a, p->destination, ".", &destination));
    int64_t now_us = sl_time_now_us();
    SL_TRY(push_model(s->a, s->blobs, model, destination, now_us, &done), "push to '%.*s'",
           SL_FMT(destination));

    struct json *record = record_of(s, model, &done, now_us);
    SL_AUTOBUF(text, 0);
    json_format(record, JSON_PRETTY, &text);
    SL_TRY(step_output(s, "pushed_model", &w));
    struct sl_err *err = artifact_write(w, SL_STR("pushed.json"), sl_buf_str(&text));
    if (err) {
        artifact_writer_free(w);
        return err;
    }
    step_message(s, "pushed as version %.*s to %.*s", SL_FMT(done.version), SL_FMT(destination));
    return step_commit(s, "pushed_model", w, record);
}

int main(int argc, char **argv)
{
    return step_main(argc, argv, "Pusher", run);
}

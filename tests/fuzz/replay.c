/* Runs a fuzz target over files and folders of inputs, without libFuzzer: the corpus as a test. */
#include "base/alloc.h"
#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    SL_AUTOARENA(a);
    struct sl_str data;
    struct sl_err *err = sl_file_read(a, path, (size_t)64 << 20, &data);
    if (err) {
        sl_err_free(err);
        return 1;
    }
    /* An exact heap copy, so that a read past the end is found. */
    uint8_t *copy = sl_alloc(data.n);
    memcpy(copy, data.p, data.n);
    LLVMFuzzerTestOneInput(copy, data.n);
    sl_free(copy);
    return 0;
}

int main(int argc, char **argv)
{
    int count = 0, bad = 0;
    for (int i = 1; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        const struct dirent *e;
        while (dir && (e = readdir(dir))) {
            SL_AUTOARENA(a);
            if (e->d_name[0] == '.')
                continue;
            bad += replay(sl_arena_format(a, "%s/%s", argv[i], e->d_name).p);
            count++;
        }
        if (dir)
            closedir(dir);
    }
    printf("%d inputs replayed\n", count);
    return count == 0 || bad;
}

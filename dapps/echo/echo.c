/* The smallest useful app: writes its arguments and its task's index to result.txt.
 * Good for measuring what a task costs apart from its computation: it speaks WASI itself, without a C library. */
#include <stddef.h>
#include <stdint.h>

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

struct piece {
    const void *start;
    size_t len;
};

WASI(args_sizes_get) int args_sizes_get(size_t *count, size_t *bytes);
WASI(args_get) int args_get(char **list, char *text);
WASI(environ_sizes_get) int environ_sizes_get(size_t *count, size_t *bytes);
WASI(environ_get) int environ_get(char **list, char *text);
WASI(fd_prestat_dir_name) int fd_prestat_dir_name(int fd, char *name, size_t len);
WASI(path_open) int path_open(int folder, int follow, const char *path, size_t len, int how, int64_t rights,
                              int64_t inherited, int flags, int *fd);
WASI(fd_write) int fd_write(int fd, const struct piece *pieces, size_t count, size_t *written);
WASI(proc_exit) _Noreturn void proc_exit(int code);

enum { FAILED = 2, MOST = 256, TEXT = 65536, CREATE_AND_TRUNCATE = 1 | 8, RIGHT_TO_WRITE = 1 << 6 };

static char *list[MOST];
static char text[TEXT];

static size_t length(const char *start) {
    size_t len = 0;
    while (start[len] != '\0') {
        len++;
    }
    return len;
}

static int starts_with(const char *start, const char *prefix) {
    while (*prefix != '\0') {
        if (*start++ != *prefix++) {
            return 0;
        }
    }
    return 1;
}

static void check(int failed) {
    if (failed) {
        proc_exit(FAILED);
    }
}

static void put(int fd, const char *start) {
    struct piece piece = {start, length(start)};
    size_t written = 0;
    check(fd_write(fd, &piece, 1, &written) != 0 || written != piece.len);
}

/* The folder that was given to us under the name /iexec_out. */
static int output(void) {
    static const char name[] = "/iexec_out";
    static char found[sizeof name];
    for (int fd = 3; fd < 16; fd++) {
        if (fd_prestat_dir_name(fd, found, sizeof name - 1) == 0 && starts_with(found, name)) {
            return fd;
        }
    }
    proc_exit(FAILED);
}

static int create(int folder, const char *name) {
    int fd = -1;
    check(path_open(folder, 0, name, length(name), CREATE_AND_TRUNCATE, RIGHT_TO_WRITE, 0, 0, &fd));
    return fd;
}

void _start(void) {
    static const char variable[] = "IEXEC_TASK_INDEX=";
    size_t count = 0, bytes = 0;
    int folder = output();
    int result = create(folder, "result.txt");
    check(args_sizes_get(&count, &bytes) || count > MOST || bytes > TEXT || args_get(list, text));
    for (size_t i = 1; i < count; i++) {
        put(result, list[i]);
        put(result, i + 1 < count ? " " : "\n");
    }
    check(environ_sizes_get(&count, &bytes) || count > MOST || bytes > TEXT || environ_get(list, text));
    for (size_t i = 0; i < count; i++) {
        if (starts_with(list[i], variable)) {
            put(result, "task ");
            put(result, list[i] + sizeof variable - 1);
            put(result, "\n");
        }
    }
    put(create(folder, "computed.json"), "{\"deterministic-output-path\":\"/iexec_out/result.txt\"}");
}

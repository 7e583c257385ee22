/* Does, on demand, what an app should not do. For tests of sandboxes and workers: it is harmless inside one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../include/app.h"

static char block[1 << 16];

/* For comparison: what an app should do. */
static int good(void) {
    FILE *file = app_create("result.txt");
    fputs("hello", file);
    app_close(file);
    app_computed("result.txt");
    puts("said");
    return 0;
}

static int loop(void) {
    for (volatile unsigned i = 0;; i++) {
    }
}

/* Never gives up: a refusal is tried again, so only the sandbox can end it. */
static int eat_memory(void) {
    for (;;) {
        char *volatile kept = malloc(1 << 20); /* volatile: or the compiler sees that nobody needs it */
        char *more = kept;
        if (more != NULL) {
            memset(more, 1, 1 << 20);
        }
    }
}

static int write_much(void) {
    FILE *file = app_create("much.bin");
    memset(block, 'x', sizeof block);
    for (;;) {
        fwrite(block, 1, sizeof block, file);
    }
}

static int many_files(void) {
    char name[32];
    for (unsigned i = 0;; i++) {
        snprintf(name, sizeof name, "f%u", i);
        fclose(app_create(name));
    }
}

static int chatter(void) {
    for (int i = 0; i < 200000; i++) {
        printf("line %d\n", i);
    }
    return 0;
}

static void report(FILE *out, const char *what, int succeeded) {
    fprintf(out, "%s: %s\n", what, succeeded ? "POSSIBLE" : "refused");
}

static int opens(const char *path, int flags) {
    int fd = open(path, flags, 0644);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

/* Tries every way out it knows; each must be refused. */
static int escape(void) {
    FILE *out = app_create("result.txt");
    report(out, "read /etc/passwd", opens("/etc/passwd", O_RDONLY));
    report(out, "read through ..", opens("/iexec_out/../../../../../../../etc/passwd", O_RDONLY));
    report(out, "write through ..", opens("/iexec_out/../escaped", O_WRONLY | O_CREAT));
    report(out, "write to the input", opens("/iexec_in/new", O_WRONLY | O_CREAT));
    symlink("/etc", "/iexec_out/link");
    report(out, "read through an absolute link", opens("/iexec_out/link/passwd", O_RDONLY));
    symlink("../../../../../../../../etc", "/iexec_out/up");
    report(out, "read through a relative link", opens("/iexec_out/up/passwd", O_RDONLY));
    report(out, "hard link to the input", link("/iexec_in/secret", "/iexec_out/copy") == 0);
    report(out, "move the output away", rename("/iexec_out/result.txt", "/iexec_in/result.txt") == 0);
    app_close(out);
    app_computed("result.txt");
    return 0;
}

/* Prints what must be equal in every replicate: random bytes, the clock, the order and times of files. */
static int randomness(void) {
    FILE *out = app_create("result.txt");
    unsigned char bytes[16];
    getentropy(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        fprintf(out, "%02x", bytes[i]);
    }
    struct timespec wall, steady;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &steady);
    fprintf(out, "\n%lld.%09ld\n%lld.%09ld\n", (long long)wall.tv_sec, wall.tv_nsec, (long long)steady.tv_sec,
            steady.tv_nsec);
    struct stat about;
    if (stat("/iexec_out/result.txt", &about) == 0) {
        fprintf(out, "modified %lld inode %llu\n", (long long)about.st_mtim.tv_sec, (unsigned long long)about.st_ino);
    }
    DIR *folder = opendir("/iexec_in");
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        fprintf(out, "%s\n", entry->d_name);
    }
    app_close(out);
    app_computed("result.txt");
    return 0;
}

/* Exercises what well-behaved apps do with files, and checks the answers. Exit code 0: all as POSIX says. */
#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s\n", __LINE__, #condition); \
            return 1; \
        } \
    } while (0)

static int files(void) {
    char text[16] = {0};
    CHECK(mkdir("/iexec_out/a", 0755) == 0 && mkdir("/iexec_out/a/b", 0755) == 0);
    CHECK(mkdir("/iexec_out/a", 0755) == -1 && errno == EEXIST);
    int fd = open("/iexec_out/a/b/f", O_RDWR | O_CREAT | O_EXCL, 0644);
    CHECK(fd >= 0 && write(fd, "hello world", 11) == 11);
    CHECK(open("/iexec_out/a/b/f", O_RDWR | O_CREAT | O_EXCL, 0644) == -1 && errno == EEXIST);
    CHECK(lseek(fd, 6, SEEK_SET) == 6 && read(fd, text, 16) == 5 && strcmp(text, "world") == 0);
    CHECK(pwrite(fd, "W", 1, 6) == 1 && pread(fd, text, 1, 6) == 1 && text[0] == 'W');
    CHECK(ftruncate(fd, 5) == 0 && lseek(fd, 0, SEEK_END) == 5);
    CHECK(close(fd) == 0 && close(fd) == -1 && errno == EBADF);
    CHECK((fd = open("/iexec_out/a/b/f", O_WRONLY | O_APPEND)) >= 0 && write(fd, "!", 1) == 1 && close(fd) == 0);
    CHECK(rename("/iexec_out/a", "/iexec_out/a/b/c") == -1 && errno == EINVAL);
    CHECK(rename("/iexec_out/a/b/f", "/iexec_out/a/g") == 0 && rmdir("/iexec_out/a/b") == 0);
    CHECK(rmdir("/iexec_out/a") == -1 && errno == ENOTEMPTY);
    struct stat about;
    CHECK(stat("/iexec_out/a/g", &about) == 0 && about.st_size == 6 && S_ISREG(about.st_mode));
    CHECK(stat("/iexec_out/a/../a/./g", &about) == 0 && stat("/iexec_out/a/g/", &about) == -1 && errno == ENOTDIR);
    CHECK((fd = open("/iexec_out/gone", O_RDWR | O_CREAT, 0644)) >= 0 && unlink("/iexec_out/gone") == 0);
    CHECK(write(fd, "still here", 10) == 10 && pread(fd, text, 5, 0) == 5 && close(fd) == 0);
    CHECK(open("/iexec_out/gone", O_RDONLY) == -1 && errno == ENOENT);
    CHECK(open("/iexec_out/a", O_WRONLY) == -1 && errno == EISDIR);
    return 0;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*act)(void);
    } acts[] = {
        {"good", good},         {"loop", loop},             {"eat-memory", eat_memory}, {"write-much", write_much},
        {"many-files", many_files}, {"chatter", chatter},   {"escape", escape},         {"random", randomness},
        {"files", files},
    };
    const char *wanted = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (strcmp(wanted, acts[i].name) == 0) {
            return acts[i].act();
        }
    }
    if (strcmp(wanted, "trap") == 0) {
        __builtin_trap();
    }
    if (strcmp(wanted, "no-computed") == 0) {
        puts("done, but nothing written");
        return 0;
    }
    if (strncmp(wanted, "exit-", 5) == 0) {
        fputs("leaving on purpose\n", stderr);
        return atoi(wanted + 5);
    }
    fputs("usage: misbehave good|loop|eat-memory|write-much|many-files|chatter|escape|random|files|trap|no-computed|exit-N\n", stderr);
    return 64;
}

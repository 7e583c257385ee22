/* What every app of this catalogue needs: the conventions of /iexec_in, /iexec_out and computed.json.
 * Small on purpose: apps that need little should not carry much. */
#ifndef FAIRGRID_APP_H
#define FAIRGRID_APP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of an environment variable, or `otherwise` when it is unset. */
static inline const char *app_env(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value != NULL ? value : otherwise;
}

/* A number from the environment; `otherwise` when it is unset or no number. */
static inline long app_env_number(const char *name, long otherwise) {
    const char *text = getenv(name);
    char *end = NULL;
    long value = text != NULL ? strtol(text, &end, 10) : 0;
    return text != NULL && end != text && *end == '\0' ? value : otherwise;
}

/* Opens a file in the output folder for writing; ends the app with exit code 2 when that fails. */
static inline FILE *app_create(const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", app_env("IEXEC_OUT", "/iexec_out"), name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(2);
    }
    return file;
}

/* Closes a file that was written; a full disk must not look like success. */
static inline void app_close(FILE *file) {
    if (fclose(file) != 0) {
        fputs("cannot finish writing\n", stderr);
        exit(2);
    }
}

/* Tells the worker which file the replicates must agree on. */
static inline void app_computed(const char *name) {
    FILE *file = app_create("computed.json");
    fprintf(file, "{\"deterministic-output-path\":\"/iexec_out/%s\"}", name);
    app_close(file);
}

/* The same for an app that also serves requests with a callback: what the contract gets is `value` as an ABI-encoded
 * int256, 64 digits of two's complement. The deal decides which of the two the replicates must agree on. */
static inline void app_computed_int256(const char *name, long long value) {
    const char *sign = value < 0 ? "ffffffffffffffff" : "0000000000000000";
    FILE *file = app_create("computed.json");
    fprintf(file, "{\"deterministic-output-path\":\"/iexec_out/%s\",", name);
    fprintf(file, "\"callback-data\":\"0x%s%s%s%016llx\"}", sign, sign, sign, (unsigned long long)value);
    app_close(file);
}

#endif

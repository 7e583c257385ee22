/* Counts words: of the task's input files, and of its arguments. Most frequent first, equals by the alphabet.
 *
 * A word is letters, digits and apostrophes between them; A-Z count as a-z, and bytes beyond ASCII are letters, so
 * that UTF-8 text of any language stays whole. Words longer than 63 bytes are cut there. */
#include "../include/app.h"

enum { LONGEST = 63, BUCKETS = 1 << 16, MOST_WORDS = 2000000 };

struct word {
    struct word *next;
    unsigned long count;
    char text[];
};

static struct word *buckets[BUCKETS];
static size_t words;

static char word[LONGEST + 1];
static size_t word_len;

static void fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(2);
}

static unsigned hash(const char *text) {
    unsigned value = 2166136261u; /* FNV-1a */
    while (*text != '\0') {
        value = (value ^ (unsigned char)*text++) * 16777619u;
    }
    return value % BUCKETS;
}

static void count_word(void) {
    while (word_len > 0 && word[word_len - 1] == '\'') {
        word_len--;
    }
    if (word_len == 0) {
        return;
    }
    word[word_len] = '\0';
    struct word **at = &buckets[hash(word)];
    while (*at != NULL && strcmp((*at)->text, word) != 0) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        *at = calloc(1, sizeof **at + word_len + 1);
        if (*at == NULL || ++words > MOST_WORDS) {
            fail("too many different words");
        }
        strcpy((*at)->text, word);
    }
    (*at)->count++;
    word_len = 0;
}

static void take(int c) {
    int letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
    if (c >= 'A' && c <= 'Z') {
        c += 'a' - 'A';
        letter = 1;
    }
    if (letter || (c == '\'' && word_len > 0)) {
        if (word_len < LONGEST) {
            word[word_len++] = (char)c;
        }
    } else {
        count_word();
    }
}

static void count_file(const char *name) {
    static unsigned char block[1 << 16];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", app_env("IEXEC_IN", "/iexec_in"), name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    for (size_t len; (len = fread(block, 1, sizeof block, file)) > 0;) {
        for (size_t i = 0; i < len; i++) {
            take(block[i]);
        }
    }
    if (ferror(file)) {
        fail("reading failed");
    }
    fclose(file);
    take('\n');
}

static int by_count_then_text(const void *left, const void *right) {
    const struct word *a = *(struct word *const *)left, *b = *(struct word *const *)right;
    return a->count != b->count ? (a->count < b->count ? 1 : -1) : strcmp(a->text, b->text);
}

static void write_result(void) {
    struct word **sorted = malloc((words + 1) * sizeof *sorted);
    if (sorted == NULL) {
        fail("not enough memory");
    }
    size_t len = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct word *at = buckets[i]; at != NULL; at = at->next) {
            sorted[len++] = at;
        }
    }
    qsort(sorted, len, sizeof *sorted, by_count_then_text);
    FILE *file = app_create("result.txt");
    for (size_t i = 0; i < len; i++) {
        fprintf(file, "%lu %s\n", sorted[i]->count, sorted[i]->text);
    }
    app_close(file);
}

int main(int argc, char **argv) {
    long files = app_env_number("IEXEC_INPUT_FILES_NUMBER", 0);
    for (long i = 1; i <= files; i++) {
        char variable[48];
        snprintf(variable, sizeof variable, "IEXEC_INPUT_FILE_NAME_%ld", i);
        const char *name = getenv(variable);
        if (name == NULL) {
            fprintf(stderr, "%s is not set\n", variable);
            return 2;
        }
        count_file(name);
    }
    for (int i = 1; i < argc; i++) {
        for (const char *at = argv[i]; *at != '\0'; at++) {
            take((unsigned char)*at);
        }
        take(' ');
    }
    write_result();
    app_computed("result.txt");
    printf("%zu different words in %ld files and %d arguments\n", words, files, argc - 1);
    return 0;
}

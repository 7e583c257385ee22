/* The median of numbers: those in the task's input files, and its arguments. What an oracle asks for: it is wrong only
 * when half of its sources are.
 *
 *   --decimals N   numbers have up to N digits behind the point (0 to 18), and the result counts units of 10^-N
 *
 * The result is written for people, and as one ABI-encoded int256 for a contract that is called back. Of an even count
 * of numbers it is the mean of the middle two, rounded towards zero. */
#include "../include/app.h"

enum { MOST_NUMBERS = 1000000, MOST_DECIMALS = 18, LONGEST = 63 };

/* Less than half of what 64 bits hold, so that the sum of two numbers still fits. */
static const long long LARGEST = (1LL << 62) - 1;

static long long numbers[MOST_NUMBERS];
static size_t count;
static long decimals;

static _Noreturn void fail(const char *why, const char *text) {
    fprintf(stderr, "%s: '%s'\n", why, text);
    exit(2);
}

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static long long append(long long value, int digit, const char *text) {
    if (value > (LARGEST - digit) / 10) {
        fail("too large a number", text);
    }
    return value * 10 + digit;
}

/* Reads a number like -12.5 in units of 10^-decimals. */
static long long parse(const char *text) {
    const char *at = text + (*text == '-');
    long long value = 0;
    long digits = 0, behind = 0;
    for (; is_digit(*at); at++, digits++) {
        value = append(value, *at - '0', text);
    }
    if (*at == '.') {
        for (at++; is_digit(*at); at++, digits++, behind++) {
            value = append(value, *at - '0', text);
        }
    }
    if (digits == 0 || *at != '\0') {
        fail("not a number", text);
    }
    if (behind > decimals) {
        fail("more digits behind the point than --decimals says", text);
    }
    for (; behind < decimals; behind++) {
        value = append(value, 0, text);
    }
    return *text == '-' ? -value : value;
}

static void take(const char *text) {
    if (count == MOST_NUMBERS) {
        fail("more than a million numbers, at", text);
    }
    numbers[count++] = parse(text);
}

static void take_file(const char *name) {
    char path[512], word[LONGEST + 2];
    snprintf(path, sizeof path, "%s/%s", app_env("IEXEC_IN", "/iexec_in"), name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail("cannot read", path);
    }
    while (fscanf(file, "%64s", word) == 1) {
        if (strlen(word) > LONGEST) {
            fail("too long a word", word);
        }
        take(word);
    }
    if (ferror(file)) {
        fail("reading failed", path);
    }
    fclose(file);
}

static int ascending(const void *left, const void *right) {
    long long a = *(const long long *)left, b = *(const long long *)right;
    return (a > b) - (a < b);
}

static long long median(void) {
    if (count == 0) {
        fail("no numbers", "give some as arguments, or in input files");
    }
    qsort(numbers, count, sizeof *numbers, ascending);
    long long high = numbers[count / 2];
    return count % 2 == 1 ? high : (numbers[count / 2 - 1] + high) / 2;
}

static void write_for_people(long long value) {
    long long unit = 1, size = value < 0 ? -value : value;
    for (long i = 0; i < decimals; i++) {
        unit *= 10;
    }
    FILE *file = app_create("result.txt");
    fprintf(file, "%s%lld", value < 0 ? "-" : "", size / unit);
    if (decimals > 0) {
        fprintf(file, ".%0*lld", (int)decimals, size % unit);
    }
    fputc('\n', file);
    app_close(file);
}

/* Takes the options in front; gives the place of the first number. */
static int options(int argc, char **argv) {
    if (argc < 2 || strcmp(argv[1], "--decimals") != 0) {
        return 1;
    }
    char *end = NULL;
    decimals = argc > 2 ? strtol(argv[2], &end, 10) : -1;
    if (decimals < 0 || decimals > MOST_DECIMALS || end == argv[2] || *end != '\0') {
        fail("--decimals takes 0 to 18, not", argc > 2 ? argv[2] : "");
    }
    return 3;
}

int main(int argc, char **argv) {
    int first = options(argc, argv);
    long files = app_env_number("IEXEC_INPUT_FILES_NUMBER", 0);
    for (long i = 1; i <= files; i++) {
        char variable[48];
        snprintf(variable, sizeof variable, "IEXEC_INPUT_FILE_NAME_%ld", i);
        take_file(app_env(variable, ""));
    }
    for (int i = first; i < argc; i++) {
        take(argv[i]);
    }
    long long value = median();
    write_for_people(value);
    app_computed_int256("result.txt", value);
    printf("the median of %zu numbers is %lld\n", count, value);
    return 0;
}

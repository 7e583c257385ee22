/* A small PNG writer: 8-bit RGB, one image in memory, deflate with fixed codes and a one-step match search.
 * Formats: PNG (ISO/IEC 15948), zlib (RFC 1950), deflate (RFC 1951). */
#ifndef FAIRGRID_PNG_H
#define FAIRGRID_PNG_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PNG_WINDOW = 32768, PNG_HASH = 1 << 15, PNG_SHORTEST = 3, PNG_LONGEST = 258 };

/* Bytes being written, and bits that do not make a byte yet. `data` has room for `png_bound` bytes. */
struct png_out {
    uint8_t *data;
    size_t len;
    uint32_t bits, bit_count;
};

static inline void png_byte(struct png_out *out, uint8_t byte) { out->data[out->len++] = byte; }

static inline void png_u32(struct png_out *out, uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        png_byte(out, (uint8_t)(value >> shift));
    }
}

/* Appends `count` bits, lowest first. */
static inline void png_bits(struct png_out *out, uint32_t value, uint32_t count) {
    out->bits |= value << out->bit_count;
    for (out->bit_count += count; out->bit_count >= 8; out->bit_count -= 8, out->bits >>= 8) {
        png_byte(out, (uint8_t)out->bits);
    }
}

/* Appends a Huffman code: highest bit first. */
static inline void png_code(struct png_out *out, uint32_t code, uint32_t count) {
    uint32_t turned = 0;
    for (uint32_t i = 0; i < count; i++) {
        turned |= ((code >> i) & 1) << (count - 1 - i);
    }
    png_bits(out, turned, count);
}

/* A literal, or the code of a length, in deflate's fixed alphabet. */
static inline void png_symbol(struct png_out *out, uint32_t symbol) {
    if (symbol < 144) {
        png_code(out, 0x30 + symbol, 8);
    } else if (symbol < 256) {
        png_code(out, 0x190 + symbol - 144, 9);
    } else if (symbol < 280) {
        png_code(out, symbol - 256, 7);
    } else {
        png_code(out, 0xC0 + symbol - 280, 8);
    }
}

/* Lengths and distances grow in classes: the class is a code, the rest are extra bits. */
static inline void png_match(struct png_out *out, uint32_t length, uint32_t distance) {
    if (length == PNG_LONGEST) {
        png_symbol(out, 285);
    } else {
        uint32_t rest = length - PNG_SHORTEST, extra = 0;
        while ((rest >> extra) >= 8) {
            extra++;
        }
        png_symbol(out, 257 + extra * 4 + (rest >> extra));
        png_bits(out, rest & ((1u << extra) - 1), extra);
    }
    uint32_t rest = distance - 1, extra = 0;
    while ((rest >> extra) >= 4) {
        extra++;
    }
    png_code(out, extra * 2 + (rest >> extra), 5);
    png_bits(out, rest & ((1u << extra) - 1), extra);
}

static inline uint32_t png_hash3(const uint8_t *at) {
    return ((at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16) * 2654435761u) >> 17;
}

static inline void png_deflate(struct png_out *out, const uint8_t *raw, size_t len) {
    static int32_t last[PNG_HASH];
    memset(last, -1, sizeof last);
    png_bits(out, 1, 1); /* the last block */
    png_bits(out, 1, 2); /* fixed codes */
    for (size_t at = 0; at < len;) {
        size_t longest = len - at < PNG_LONGEST ? len - at : PNG_LONGEST, match = 0, distance = 0;
        if (longest >= PNG_SHORTEST) {
            uint32_t hash = png_hash3(raw + at);
            if (last[hash] >= 0 && at - (size_t)last[hash] <= PNG_WINDOW) {
                distance = at - (size_t)last[hash];
                while (match < longest && raw[at + match] == raw[at + match - distance]) {
                    match++;
                }
            }
            last[hash] = (int32_t)at;
        }
        if (match > PNG_SHORTEST) {
            png_match(out, (uint32_t)match, (uint32_t)distance);
            at += match;
        } else {
            png_symbol(out, raw[at++]);
        }
    }
    png_symbol(out, 256); /* the end */
    png_bits(out, 0, 7);  /* fill the last byte */
    out->bits = out->bit_count = 0;
}

static inline uint32_t png_adler(const uint8_t *raw, size_t len) {
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < len; i++) {
        a = (a + raw[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static inline uint32_t png_crc(const uint8_t *data, size_t len) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}

/* Opens a chunk; returns where it starts, for `png_end`. */
static inline size_t png_begin(struct png_out *out, const char *type) {
    size_t start = out->len;
    png_u32(out, 0); /* the length, filled in at the end */
    for (int i = 0; i < 4; i++) {
        png_byte(out, (uint8_t)type[i]);
    }
    return start;
}

static inline void png_end(struct png_out *out, size_t start) {
    struct png_out length = {out->data + start, 0, 0, 0};
    png_u32(&length, (uint32_t)(out->len - start - 8));
    png_u32(out, png_crc(out->data + start + 4, out->len - start - 4));
}

static inline uint8_t png_paeth(int left, int up, int corner) {
    int guess = left + up - corner;
    int to_left = abs(guess - left), to_up = abs(guess - up), to_corner = abs(guess - corner);
    return (uint8_t)(to_left <= to_up && to_left <= to_corner ? left : to_up <= to_corner ? up : corner);
}

/* Rows as differences from what their neighbours predict, each behind the number of its filter (4: Paeth). */
static inline void png_filter(uint8_t *to, const uint8_t *pixels, size_t row, size_t height) {
    for (size_t y = 0; y < height; y++) {
        *to++ = 4;
        for (size_t x = 0; x < row; x++) {
            const uint8_t *at = pixels + y * row + x;
            int left = x >= 3 ? at[-3] : 0, up = y > 0 ? *(at - row) : 0, corner = x >= 3 && y > 0 ? *(at - row - 3) : 0;
            *to++ = (uint8_t)(*at - png_paeth(left, up, corner));
        }
    }
}

/* Writes `width` x `height` pixels (red, green, blue; rows from the top). Returns 0, or -1 without memory. */
static inline int png_write(FILE *file, const uint8_t *pixels, uint32_t width, uint32_t height) {
    size_t row = (size_t)width * 3, raw_len = (row + 1) * height;
    uint8_t *raw = malloc(raw_len);
    struct png_out out = {malloc(raw_len + raw_len / 4 + 256), 0, 0, 0}; /* fixed codes: at most 9 bits a byte */
    if (raw == NULL || out.data == NULL) {
        return -1;
    }
    png_filter(raw, pixels, row, height);
    for (const char *magic = "\x89PNG\r\n\x1a\n"; *magic != '\0'; magic++) {
        png_byte(&out, (uint8_t)*magic);
    }
    size_t chunk = png_begin(&out, "IHDR");
    png_u32(&out, width);
    png_u32(&out, height);
    png_u32(&out, 0x08020000); /* 8 bits, RGB, deflate, adaptive filters */
    png_byte(&out, 0);         /* not interlaced */
    png_end(&out, chunk);
    chunk = png_begin(&out, "IDAT");
    png_byte(&out, 0x78); /* deflate, 32 KiB window */
    png_byte(&out, 0x01);
    png_deflate(&out, raw, raw_len);
    png_u32(&out, png_adler(raw, raw_len));
    png_end(&out, chunk);
    png_end(&out, png_begin(&out, "IEND"));
    int failed = fwrite(out.data, 1, out.len, file) != out.len;
    free(raw);
    free(out.data);
    return failed ? -1 : 0;
}

#endif

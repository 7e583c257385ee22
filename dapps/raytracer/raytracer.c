/* Renders one frame of a short animation: polished spheres circling over a chequered floor at dusk.
 *
 * One task is one frame: its place in the turn is its index within the deal. Only + - * / and square roots of the
 * machine are used, and the module brings its own sine: the same frame comes out byte for byte on every machine. */
#include <math.h>
#include <stdint.h>

#include "../include/app.h"
#include "../include/png.h"

enum { SPHERES = 7, BOUNCES = 4, SMALLEST = 16, WIDEST = 1920, HIGHEST = 1080, FINEST = 6 };

#define FAR 1e9f
#define TURN 6.28318530718

typedef struct {
    float x, y, z;
} vec;

typedef struct {
    vec centre;
    float radius;
    vec colour;
    float mirror; /* light thrown back straight on: 0.04 is lacquer, 0.9 is chrome */
    float metal;  /* 1: reflections take the sphere's colour */
} sphere;

typedef struct {
    float distance;
    int sphere; /* -1 is the floor */
} hit;

static sphere scene[SPHERES];

static const vec SUN_COLOUR = {1.55f, 1.08f, 0.70f};
static const vec SKY_COLOUR = {0.24f, 0.27f, 0.44f};
static vec sun; /* towards it */

static inline vec v(float x, float y, float z) { return (vec){x, y, z}; }
static inline vec add(vec a, vec b) { return v(a.x + b.x, a.y + b.y, a.z + b.z); }
static inline vec sub(vec a, vec b) { return v(a.x - b.x, a.y - b.y, a.z - b.z); }
static inline vec mul(vec a, vec b) { return v(a.x * b.x, a.y * b.y, a.z * b.z); }
static inline vec scale(vec a, float by) { return v(a.x * by, a.y * by, a.z * by); }
static inline float dot(vec a, vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline vec unit(vec a) { return scale(a, 1.0f / sqrtf(dot(a, a))); }
static inline vec cross(vec a, vec b) { return v(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x); }
static inline float clamp01(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }
static inline vec mix(vec a, vec b, float t) { return add(scale(a, 1 - t), scale(b, t)); }

/* x to the power of 2^doublings. */
static inline float power(float x, int doublings) {
    while (doublings-- > 0) {
        x *= x;
    }
    return x;
}

/* One large mirror in the middle, six around it; `phase` is the part of the turn that is over, 0 to 1. */
static void set_scene(double phase) {
    static const struct {
        vec colour;
        float radius, mirror, metal;
    } looks[SPHERES - 1] = {
        {{0.93f, 0.23f, 0.20f}, 0.50f, 0.06f, 0}, {{0.98f, 0.71f, 0.25f}, 0.42f, 0.70f, 1},
        {{0.10f, 0.62f, 0.55f}, 0.54f, 0.06f, 0}, {{0.95f, 0.93f, 0.88f}, 0.36f, 0.08f, 0},
        {{0.25f, 0.38f, 0.92f}, 0.48f, 0.06f, 0}, {{0.93f, 0.55f, 0.62f}, 0.40f, 0.60f, 1},
    };
    scene[0] = (sphere){v(0, 1.0f, 0), 1.0f, v(0.95f, 0.96f, 0.98f), 0.88f, 1};
    for (int i = 0; i < SPHERES - 1; i++) {
        double angle = TURN * (phase + (double)i / (SPHERES - 1));
        float lift = 0.34f * (float)(1 + sin(2 * TURN * phase + i * 2.1));
        vec centre = v(2.05f * (float)cos(angle), looks[i].radius + lift, 2.05f * (float)sin(angle));
        scene[i + 1] = (sphere){centre, looks[i].radius, looks[i].colour, looks[i].mirror, looks[i].metal};
    }
    sun = unit(v(-0.62f, 0.56f, -0.48f));
}

static vec sky(vec ray) {
    float height = clamp01(ray.y), low = 1 - height;
    vec colour = mix(v(0.035f, 0.070f, 0.235f), v(0.42f, 0.20f, 0.36f), low * low * low);
    colour = mix(colour, v(1.05f, 0.50f, 0.25f), power(low, 4));
    float to_sun = clamp01(dot(ray, sun));
    colour = add(colour, scale(SUN_COLOUR, 0.25f * power(to_sun, 4) + 6.0f * power(to_sun, 10)));
    return colour;
}

static hit trace(vec from, vec ray) {
    hit nearest = {FAR, -1};
    if (ray.y < -1e-5f) {
        nearest.distance = -from.y / ray.y;
    }
    for (int i = 0; i < SPHERES; i++) {
        vec to = sub(scene[i].centre, from);
        float along = dot(to, ray);
        float inside = scene[i].radius * scene[i].radius - dot(to, to) + along * along;
        if (inside > 0) {
            float distance = along - sqrtf(inside);
            if (distance > 1e-3f && distance < nearest.distance) {
                nearest = (hit){distance, i};
            }
        }
    }
    return nearest;
}

/* How much of the sun, which is a disc, is seen from `from`: the nearest miss of every sphere on the way tells. */
static float sunlight(vec from) {
    float seen = 1;
    for (int i = 0; i < SPHERES; i++) {
        vec to = sub(scene[i].centre, from);
        float along = dot(to, sun);
        if (along > 0) {
            float off = sqrtf(fmaxf(0, dot(to, to) - along * along));
            float gap = (off - scene[i].radius) / (0.085f * along); /* in widths of the sun */
            float part = clamp01(0.5f + 0.5f * gap);
            seen = fminf(seen, part * part * (3 - 2 * part));
        }
    }
    return seen;
}

/* How much of the sky is seen from `from`: each sphere hides a part by its solid angle. */
static float skylight(vec from, vec normal, int self) {
    float seen = 0.5f + 0.5f * normal.y;
    for (int i = 0; i < SPHERES; i++) {
        if (i != self) {
            vec to = sub(scene[i].centre, from);
            float square = dot(to, to), r2 = scene[i].radius * scene[i].radius;
            seen *= 1 - clamp01(dot(normal, to) / sqrtf(square)) * clamp01(r2 / square);
        }
    }
    return seen;
}

static vec floor_colour(vec at) {
    float across = 0.82f * at.x + 0.57f * at.z, along = 0.82f * at.z - 0.57f * at.x; /* tiles lie askew */
    int odd = ((int)floorf(across * 1.15f) + (int)floorf(along * 1.15f)) & 1;
    return odd ? v(0.74f, 0.68f, 0.60f) : v(0.030f, 0.036f, 0.062f);
}

/* The light that comes back along `ray`; `weight` follows what share of it is still to be found. */
static vec light_along(vec from, vec ray) {
    vec light = v(0, 0, 0), weight = v(1, 1, 1);
    for (int bounce = 0; bounce < BOUNCES; bounce++) {
        hit found = trace(from, ray);
        if (found.distance >= FAR) {
            return add(light, mul(weight, sky(ray)));
        }
        vec at = add(from, scale(ray, found.distance));
        int is_floor = found.sphere < 0;
        const sphere *ball = is_floor ? NULL : &scene[found.sphere];
        vec normal = is_floor ? v(0, 1, 0) : scale(sub(at, ball->centre), 1.0f / ball->radius);
        vec colour = is_floor ? floor_colour(at) : ball->colour;
        float mirror = is_floor ? 0.05f : ball->mirror, metal = is_floor ? 0 : ball->metal;
        at = add(at, scale(normal, 2e-3f));

        float facing = clamp01(-dot(ray, normal)), slant = 1 - facing;
        float back = mirror + (1 - mirror) * power(slant, 2) * slant * (is_floor ? 0.45f : 1.0f); /* Schlick */
        float lit = clamp01(dot(normal, sun)), shadow = lit > 0 ? sunlight(at) : 0;
        vec bounced = scale(v(0.20f, 0.15f, 0.13f), 0.5f - 0.5f * normal.y); /* from the floor */
        vec sky_part = scale(SKY_COLOUR, 0.9f * skylight(at, normal, found.sphere));
        vec diffuse = mul(colour, add(scale(SUN_COLOUR, 1.15f * lit * shadow), add(sky_part, bounced)));
        vec mirrored = sub(ray, scale(normal, 2 * dot(ray, normal)));
        float glint = is_floor ? 0 : shadow * power(clamp01(dot(mirrored, sun)), 8) * 5.0f;
        vec here = add(scale(diffuse, (1 - back) * (1 - metal)), scale(SUN_COLOUR, glint));

        /* The floor fades into the haze of the horizon. */
        float reach = is_floor ? found.distance / 26 : 0, haze = clamp01(reach * reach);
        vec horizon = sky(unit(v(ray.x, 0, ray.z)));
        light = add(light, mul(weight, mix(here, horizon, haze)));
        vec tint = metal > 0 ? mix(colour, v(1, 1, 1), power(slant, 2) * slant) : v(1, 1, 1);
        weight = scale(mul(weight, tint), back * (1 - haze));
        if (weight.x + weight.y + weight.z < 0.01f) {
            break;
        }
        from = at;
        ray = mirrored;
    }
    return light;
}

/* Film: a soft shoulder for highlights (Narkowicz's fit), then the screen's curve. */
static uint8_t develop(float x) {
    x = clamp01(x * (2.51f * x + 0.03f) / (x * (2.43f * x + 0.59f) + 0.14f));
    float screen = x <= 0.0031308f ? 12.92f * x : 1.055f * (float)pow(x, 1 / 2.4) - 0.055f;
    return (uint8_t)(clamp01(screen) * 255.0f + 0.5f);
}

typedef struct {
    vec eye, right, up, forward;
} camera;

static camera place_camera(double phase) {
    float sway = 0.10f * (float)sin(TURN * phase);
    vec eye = v(5.6f * sway, 1.95f, 5.9f), target = v(0, 0.98f, 0);
    vec forward = unit(sub(target, eye)), right = unit(cross(forward, v(0, 1, 0)));
    return (camera){eye, right, cross(right, forward), forward};
}

static vec pixel(const camera *view, long x, long y, long width, long height, int samples) {
    vec sum = v(0, 0, 0);
    for (int i = 0; i < samples * samples; i++) {
        float dx = ((float)(i % samples) + 0.5f) / (float)samples, dy = ((float)(i / samples) + 0.5f) / (float)samples;
        float across = (2 * ((float)x + dx) - (float)width) / (float)height * 0.5f;
        float down = (2 * ((float)y + dy) - (float)height) / (float)height * 0.5f;
        vec ray = add(view->forward, add(scale(view->right, across * 0.86f), scale(view->up, down * -0.86f)));
        vec light = light_along(view->eye, unit(ray));
        sum = add(sum, v(fminf(light.x, 4), fminf(light.y, 4), fminf(light.z, 4))); /* or glints would have stairs */
    }
    return scale(sum, 0.80f / (float)(samples * samples));
}

static void render(uint8_t *pixels, long width, long height, int samples, double phase) {
    set_scene(phase);
    camera view = place_camera(phase);
    for (long y = 0; y < height; y++) {
        for (long x = 0; x < width; x++) {
            vec light = pixel(&view, x, y, width, height, samples);
            *pixels++ = develop(light.x);
            *pixels++ = develop(light.y);
            *pixels++ = develop(light.z);
        }
    }
}

static long bounded(const char *text, long least, long most) {
    char *end = NULL;
    long value = text != NULL ? strtol(text, &end, 10) : 0;
    if (text == NULL || end == text || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "usage: raytracer [--width %d..%d] [--height %d..%d] [--samples 1..%d]\n", SMALLEST, WIDEST,
                SMALLEST, HIGHEST, FINEST);
        exit(64);
    }
    return value;
}

int main(int argc, char **argv) {
    long width = 320, height = 240, samples = 2;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--width") == 0) {
            width = bounded(value, SMALLEST, WIDEST);
        } else if (strcmp(argv[i], "--height") == 0) {
            height = bounded(value, SMALLEST, HIGHEST);
        } else {
            samples = bounded(strcmp(argv[i], "--samples") == 0 ? value : NULL, 1, FINEST);
        }
    }
    long frames = app_env_number("IEXEC_BOT_SIZE", 1);
    long frame = app_env_number("IEXEC_BOT_TASK_INDEX", 0) - app_env_number("IEXEC_BOT_FIRST_INDEX", 0);
    if (frames < 1 || frame < 0 || frame >= frames) {
        fprintf(stderr, "frame %ld of %ld does not exist\n", frame, frames);
        return 64;
    }
    uint8_t *pixels = malloc((size_t)(width * height * 3));
    FILE *file = app_create("frame.png");
    if (pixels == NULL) {
        fputs("not enough memory\n", stderr);
        return 2;
    }
    render(pixels, width, height, (int)samples, (double)frame / (double)frames);
    if (png_write(file, pixels, (uint32_t)width, (uint32_t)height) != 0) {
        fputs("cannot write the picture\n", stderr);
        return 2;
    }
    app_close(file);
    app_computed("frame.png");
    printf("frame %ld of %ld: %ldx%ld, %ld rays a pixel\n", frame + 1, frames, width, height, samples * samples);
    return 0;
}

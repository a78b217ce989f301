// Trains whole models of the concatenation class, one after another, in float32: the same steps as
// empirical.erm on its torch path, but a block of rows stays in the cache from the first product to
// the last. A model's numbers depend on its own trial alone, to the last bit.
//
//   z_k = relu(W_k (x_k, 1)),   s = V (z, 1),   Adam on the mean loss, projection onto the balls
//
// All arrays are row-major. Units are padded to a multiple of LANES with zero weights; a padded unit
// is never active, so that its gradient stays zero. No Python headers: loaded by ctypes.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// Whether this processor has the instructions that the rest of this file is compiled for.
extern "C" int supported() {
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 1;
#endif
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2,fma")
#define AVX2_AND_FMA  // the pragma defines no macro of the compiler's own
#endif

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

// What the numbers depend on besides this file: compiler, instructions and floating-point flags.
extern "C" const char* build() {
    return
#if defined(__clang__)
        "clang " TEXT(__clang_major__) "." TEXT(__clang_minor__)
#elif defined(__GNUC__)
        "GCC " TEXT(__GNUC__) "." TEXT(__GNUC_MINOR__)
#else
        "another compiler"
#endif
#if defined(__x86_64__)
        " x86-64"
#elif defined(__aarch64__)
        " aarch64"
#endif
#if defined(__AVX512F__)
        " AVX-512"
#elif defined(__AVX2__) || defined(AVX2_AND_FMA)
        " AVX2"
#endif
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(AVX2_AND_FMA)
        " FMA"
#endif
#if !defined(__OPTIMIZE__)
        " unoptimised"
#endif
#if defined(__FAST_MATH__)
        " fast-math"
#endif
        ;
}

namespace {

constexpr int LANES = 8;
constexpr int BLOCK = 128;  // rows; the features of a block should stay in the first two caches
constexpr int TILE = 6;    // rows of a register tile: 6 x 2 vectors of accumulators fit 16 registers

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t ivec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

inline vec load(const float* p) { return *reinterpret_cast<const vec*>(p); }
inline void store(float* p, vec v) { *reinterpret_cast<vec*>(p) = v; }
inline vec all(float x) { return vec{x, x, x, x, x, x, x, x}; }
inline int padded(int n) { return (n + LANES - 1) / LANES * LANES; }

enum After { SET, ADD, RELU, MASK };

// One register tile of C(i, :) = sum_k A(i, k) B(k, :), R rows by NV vectors of columns.
// RELU rectifies the result; MASK keeps it where `gate` (laid out as C) is positive.
template <int R, int NV, After AFTER>
inline void tile(int depth, const float* a, long a_i, long a_k, const float* b, long ldb, float* c,
                 long ldc, const float* gate) {
    vec sum[R][NV];
    for (int i = 0; i < R; ++i)
        for (int v = 0; v < NV; ++v)
            sum[i][v] = AFTER == ADD ? load(c + i * ldc + v * LANES) : vec{};
    for (int k = 0; k < depth; ++k) {
        vec right[NV];
        for (int v = 0; v < NV; ++v) right[v] = load(b + k * ldb + v * LANES);
        for (int i = 0; i < R; ++i) {
            const vec left = all(a[i * a_i + k * a_k]);
            for (int v = 0; v < NV; ++v) sum[i][v] += left * right[v];
        }
    }
    for (int i = 0; i < R; ++i)
        for (int v = 0; v < NV; ++v) {
            float* to = c + i * ldc + v * LANES;
            vec s = sum[i][v];
            if (AFTER == RELU) s = s > 0 ? s : vec{};
            if (AFTER == MASK) s = load(gate + i * ldc + v * LANES) > 0 ? s : vec{};
            store(to, s);
        }
}

template <int NV, After AFTER>
inline void rows_of(int count, int depth, const float* a, long a_i, long a_k, const float* b,
                    long ldb, float* c, long ldc, const float* gate) {
    // Tiles of nearly equal height: a last tile of one row would wait for its own sums.
    constexpr int HEIGHT = NV == 1 ? 2 * TILE : TILE;
    const int tiles = (count + HEIGHT - 1) / HEIGHT;
    for (int t = 0, i = 0; t < tiles; ++t) {
        const int height = (count - i + tiles - t - 1) / (tiles - t);
        const float* ai = a + i * a_i;
        float* ci = c + i * ldc;
        const float* gi = gate + (gate ? i * ldc : 0);
        switch (height) {
#define HEIGHT_CASE(R) \
    case R:            \
        tile<R, NV, AFTER>(depth, ai, a_i, a_k, b, ldb, ci, ldc, gi); \
        break;
            HEIGHT_CASE(1) HEIGHT_CASE(2) HEIGHT_CASE(3) HEIGHT_CASE(4) HEIGHT_CASE(5)
            HEIGHT_CASE(6)
            default:
                if constexpr (NV == 1) switch (height) {
                    HEIGHT_CASE(7) HEIGHT_CASE(8) HEIGHT_CASE(9) HEIGHT_CASE(10)
                    HEIGHT_CASE(11) HEIGHT_CASE(12)
                }
#undef HEIGHT_CASE
        }
        i += height;
    }
}

// C(i, j) = sum_k A(i, k) B(k, j) for `count` rows and `columns` (a multiple of LANES) columns.
template <After AFTER>
void product(int count, int columns, int depth, const float* a, long a_i, long a_k, const float* b,
             long ldb, float* c, long ldc, const float* gate = nullptr) {
    int j = 0;
    for (; j + 2 * LANES <= columns; j += 2 * LANES)
        rows_of<2, AFTER>(count, depth, a, a_i, a_k, b + j, ldb, c + j, ldc, gate + (gate ? j : 0));
    if (j < columns)
        rows_of<1, AFTER>(count, depth, a, a_i, a_k, b + j, ldb, c + j, ldc, gate + (gate ? j : 0));
}

// exp for x <= 0, to about two units in the last place; zero below -87.
inline vec exp_negative(vec x) {
    const vec floor_ = all(-87.0f);
    const ivec tiny = x < floor_;
    x = tiny ? floor_ : x;
    const vec shift = all(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
    const vec n = (x * 1.44269504f + shift) - shift;
    const vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    vec p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const ivec power = (__builtin_convertvector(n, ivec) + 127) << 23;
    vec scaled = p * reinterpret_cast<const vec&>(power);
    return tiny ? vec{} : scaled;
}

enum Objective { LEAST_SQUARES, SOFTMAX, LOGISTIC, CORRELATION };

struct Problem {
    int trials, rows, modalities, subsets, width, outputs, objective, steps;
    const int32_t* dims;      // [modalities], D_k, the constant 1 included
    const int32_t* members;   // the subsets one after another
    const int32_t* sizes;     // [subsets]
    const float* const* inputs;    // per modality [trials, rows, D_k]
    const float* targets;          // [trials, rows, outputs]
    const float* scale;            // [trials, rows]: the factor on each row's loss
    float* const* encoders;        // per modality [trials, slots_k, width, D_k]
    float* const* heads;           // per subset [trials, outputs, |M| width + 1]
    float learning_rate, encoder_radius, head_radius;
};

// One model's parameters, gradient and Adam moments, each one flat array:
// per member W_k^T [D_k, units], then V^T [features, classes], features = |M| units + 1.
struct Model {
    float *value, *gradient, *first, *second;
    long count, head;
};

void adam(Model& m, int step, float rate) {
    const float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f;
    const double correct1 = 1.0 - std::pow(0.9, step), correct2 = 1.0 - std::pow(0.999, step);
    const float size = static_cast<float>(rate / correct1);
    const float root = static_cast<float>(1.0 / std::sqrt(correct2));
    float *p = m.value, *g = m.gradient, *f = m.first, *s = m.second;
    for (long i = 0; i < m.count; ++i) {
        f[i] += (1.0f - beta1) * (g[i] - f[i]);
        s[i] = beta2 * s[i] + (1.0f - beta2) * g[i] * g[i];
        p[i] -= size * f[i] / (std::sqrt(s[i]) * root + epsilon);
    }
}

void into_ball(float* from, long count, float radius) {
    vec sums{};
    long i = 0;
    for (; i + LANES <= count; i += LANES) sums += load(from + i) * load(from + i);
    float square = 0.0f;
    for (int lane = 0; lane < LANES; ++lane) square += sums[lane];
    for (; i < count; ++i) square += from[i] * from[i];
    if (square <= radius * radius) return;
    const float shrink = radius / std::sqrt(square);
    for (i = 0; i < count; ++i) from[i] *= shrink;
}

// The gradient of the loss of `rows` rows in their scores, in place; zero in padded classes.
void residuals(const Problem& q, int rows, int classes, float* scores, const float* targets,
               const float* scale) {
    for (int r = 0; r < rows; ++r) {
        float* s = scores + static_cast<long>(r) * classes;
        const float* y = targets + static_cast<long>(r) * q.outputs;
        float factor = scale[r];
        if (q.objective == SOFTMAX) {
            float top = s[0], sum = 0.0f;
            for (int c = 1; c < q.outputs; ++c) top = s[c] > top ? s[c] : top;
            for (int c = 0; c < classes; c += LANES) store(s + c, exp_negative(load(s + c) - top));
            for (int c = 0; c < q.outputs; ++c) sum += s[c];
            const float share = factor / sum;
            for (int c = 0; c < q.outputs; ++c) s[c] = s[c] * share - y[c] * factor;
        } else if (q.objective == LEAST_SQUARES) {
            factor *= 2.0f;
            for (int c = 0; c < q.outputs; ++c) s[c] = (s[c] - y[c]) * factor;
        } else if (q.objective == LOGISTIC) {
            for (int c = 0; c < q.outputs; ++c) s[c] = (1.0f / (1.0f + std::exp(-s[c])) - y[c]) * factor;
        } else {
            for (int c = 0; c < q.outputs; ++c) s[c] = -y[c] * factor;
        }
        for (int c = q.outputs; c < classes; ++c) s[c] = 0.0f;
    }
}

// One forward and backward pass over all rows; leaves the gradient in `m`.
void gradient(const Problem& q, const int32_t* members, int size, int trial, Model& m, float* z,
              float* back, float* scores, float* head) {
    const int units = padded(q.width), classes = padded(q.outputs);
    const long features = static_cast<long>(size) * units;
    float* const v = m.value + m.head;
    std::memset(m.gradient, 0, sizeof(float) * m.count);
    for (int c = 0; c < q.outputs; ++c)
        for (long j = 0; j < features; ++j) head[c * features + j] = v[j * classes + c];
    for (int start = 0; start < q.rows; start += BLOCK) {
        const int rows = q.rows - start < BLOCK ? q.rows - start : BLOCK;
        const long at = static_cast<long>(trial) * q.rows + start;
        long offset = 0;
        for (int i = 0; i < size; ++i) {
            const int dim = q.dims[members[i]];
            product<RELU>(rows, units, dim, q.inputs[members[i]] + at * dim, dim, 1,
                          m.value + offset, units, z + i * units, features);
            offset += static_cast<long>(dim) * units;
        }
        const float* bias = v + features * classes;
        for (int r = 0; r < rows; ++r) std::memcpy(scores + r * classes, bias, sizeof(float) * classes);
        product<ADD>(rows, classes, features, z, features, 1, v, classes, scores, classes);
        residuals(q, rows, classes, scores, q.targets + at * q.outputs, q.scale + at);
        float* const head_gradient = m.gradient + m.head;
        product<ADD>(features, classes, rows, z, 1, features, scores, classes, head_gradient, classes);
        for (int r = 0; r < rows; ++r)
            for (int c = 0; c < classes; ++c)
                head_gradient[features * classes + c] += scores[r * classes + c];
        product<MASK>(rows, features, q.outputs, scores, classes, 1, head, features, back, features, z);
        offset = 0;
        for (int i = 0; i < size; ++i) {
            const int dim = q.dims[members[i]];
            product<ADD>(dim, units, rows, q.inputs[members[i]] + at * dim, 1, dim, back + i * units,
                         features, m.gradient + offset, units);
            offset += static_cast<long>(dim) * units;
        }
    }
}

// Move a model's weights between the stack's layout and the padded one used here.
void exchange(const Problem& q, int subset, const int32_t* members, int trial, Model& m, bool in) {
    const int units = padded(q.width), classes = padded(q.outputs), size = q.sizes[subset];
    long offset = 0;
    for (int i = 0; i < size; ++i) {
        const int k = members[i], dim = q.dims[k];
        int slot = 0, slots = 0;
        const int32_t* other = q.members;
        for (int s = 0; s < q.subsets; other += q.sizes[s], ++s)
            for (int j = 0; j < q.sizes[s]; ++j)
                if (other[j] == k) { ++slots; slot += s < subset; }
        float* weights =
            q.encoders[k] + (static_cast<long>(trial) * slots + slot) * q.width * dim;
        for (int u = 0; u < q.width; ++u)
            for (int d = 0; d < dim; ++d) {
                float& here = m.value[offset + static_cast<long>(d) * units + u];
                float& there = weights[static_cast<long>(u) * dim + d];
                if (in) here = there; else there = here;
            }
        offset += static_cast<long>(dim) * units;
    }
    const long inputs = static_cast<long>(size) * q.width + 1;
    float* head = q.heads[subset] + static_cast<long>(trial) * q.outputs * inputs;
    for (int c = 0; c < q.outputs; ++c)
        for (long j = 0; j < inputs; ++j) {
            const bool constant = j + 1 == inputs;
            const long row = constant ? static_cast<long>(size) * units
                                      : j / q.width * units + j % q.width;
            float& here = m.value[m.head + row * classes + c];
            float& there = head[c * inputs + j];
            if (in) here = there; else there = here;
        }
}

bool train_one(const Problem& q, int model) {
    const int trial = model / q.subsets, subset = model % q.subsets, size = q.sizes[subset];
    const int32_t* members = q.members;
    for (int s = 0; s < subset; ++s) members += q.sizes[s];
    const int units = padded(q.width), classes = padded(q.outputs);
    const long features = static_cast<long>(size) * units;
    Model m{};
    for (int i = 0; i < size; ++i) m.head += static_cast<long>(q.dims[members[i]]) * units;
    m.count = m.head + (features + 1) * classes;
    const long scratch = BLOCK * (2 * features + classes) + q.outputs * features;
    float* memory = static_cast<float*>(std::calloc(4 * m.count + scratch, sizeof(float)));
    if (!memory) return false;
    m.value = memory;
    m.gradient = m.value + m.count;
    m.first = m.gradient + m.count;
    m.second = m.first + m.count;
    float* z = m.second + m.count;
    float* back = z + BLOCK * features;
    float* scores = back + BLOCK * features;
    float* head = scores + static_cast<long>(BLOCK) * classes;
    exchange(q, subset, members, trial, m, true);
    for (int step = 0; step <= q.steps; ++step) {
        if (step) {
            gradient(q, members, size, trial, m, z, back, scores, head);
            adam(m, step, q.learning_rate);
        }
        into_ball(m.value, m.head, q.encoder_radius);
        into_ball(m.value + m.head, m.count - m.head, q.head_radius);
    }
    exchange(q, subset, members, trial, m, false);
    std::free(memory);
    return true;
}

}  // namespace

// Train models next, next + 1, ... until all are done; several threads may share `next`.
// Returns 0, or 1 where memory ran out.
extern "C" int train(const Problem* problem, int32_t* next) {
    const int models = problem->trials * problem->subsets;
    for (;;) {
        const int model = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
        if (model >= models) return 0;
        if (!train_one(*problem, model)) return 1;
    }
}

// Trains whole models of the fusion classes, one after another, in float32: the same steps as
// empirical.erm on its torch path, but a block of rows stays in the first caches from the first product
// to the last. A model's numbers depend on its own trial alone, to the last bit.
//
//   u_k = relu(W_k (x_k, 1)),   s = V (z, 1),   Adam on the mean loss, projection onto the balls
//
// where z are the tokens u_k side by side, or what fusion.inl makes of them. Deeper encoders have
// u_k = relu(U_k relu(W_k (x_k, 1))), and so on; those of depth 0 are linear.
//
// All arrays are row-major. Units are padded to a multiple of 8 with zero weights; a padded unit is
// never active, so that its gradient stays zero. No Python headers: loaded by ctypes.
//
// The steps are in model.inl, which is compiled once for each set of instructions below; the processor
// at hand decides which is used. Compile with -ffp-contract=off: each fused multiply-add is written out,
// so that all kernels that have them give the same bits, with any compiler.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// Sums must be in registers, so that loops over them have to be unrolled, whatever the compiler thinks.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define TEXT_OF(...) #__VA_ARGS__
#define TEXT(...) TEXT_OF(__VA_ARGS__)

namespace {

#include "problem.inl"

typedef float float8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef int32_t lanes8 __attribute__((vector_size(32)));
typedef int32_t lanes16 __attribute__((vector_size(64)));

#if defined(__x86_64__)

namespace avx2 {

#define TARGET __attribute__((target("avx2,fma")))
struct Narrow {
    typedef __m256 type;
    typedef lanes8 integers;
    static constexpr int lanes = 8;
    TARGET static inline type load(const float* p) { return _mm256_loadu_ps(p); }
    TARGET static inline void store(float* p, type x) { _mm256_storeu_ps(p, x); }
    TARGET static inline type all(float x) { return _mm256_set1_ps(x); }
    TARGET static inline type root(type x) { return _mm256_sqrt_ps(x); }
    TARGET static inline type fma(type a, type b, type c) { return _mm256_fmadd_ps(a, b, c); }
    TARGET static inline type positive(type x) { return _mm256_max_ps(_mm256_setzero_ps(), x); }
    TARGET static inline type where_positive(type gate, type x) {
        return _mm256_and_ps(_mm256_cmp_ps(gate, _mm256_setzero_ps(), _CMP_GT_OQ), x);
    }
};
TARGET inline void transpose(const float* from, long ld_from, float* to, long ld_to) {
    __m256 a[8], b[8];
    for (int i = 0; i < 8; ++i) a[i] = _mm256_loadu_ps(from + i * ld_from);
    for (int i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; ++j) {
            a[i + 2 * j] = _mm256_shuffle_ps(b[i + j], b[i + j + 2], 0x44);
            a[i + 2 * j + 1] = _mm256_shuffle_ps(b[i + j], b[i + j + 2], 0xEE);
        }
    for (int i = 0; i < 4; ++i) {
        _mm256_storeu_ps(to + i * ld_to, _mm256_permute2f128_ps(a[i], a[i + 4], 0x20));
        _mm256_storeu_ps(to + (i + 4) * ld_to, _mm256_permute2f128_ps(a[i], a[i + 4], 0x31));
    }
}
typedef Narrow Wide;
constexpr int TILE = 6;  // 6 x 2 sums, 2 columns and one number fill the 16 registers
#include "model.inl"
#undef TARGET

}  // namespace avx2

namespace avx512 {

#define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
using avx2::Narrow;
using avx2::transpose;
struct Wide {
    typedef __m512 type;
    typedef lanes16 integers;
    static constexpr int lanes = 16;
    TARGET static inline type load(const float* p) { return _mm512_loadu_ps(p); }
    TARGET static inline void store(float* p, type x) { _mm512_storeu_ps(p, x); }
    TARGET static inline type all(float x) { return _mm512_set1_ps(x); }
    TARGET static inline type root(type x) { return _mm512_sqrt_ps(x); }
    TARGET static inline type fma(type a, type b, type c) { return _mm512_fmadd_ps(a, b, c); }
    TARGET static inline type positive(type x) { return _mm512_max_ps(_mm512_setzero_ps(), x); }
    TARGET static inline type where_positive(type gate, type x) {
        return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(gate, _mm512_setzero_ps(), _CMP_GT_OQ), x);
    }
};
constexpr int TILE = 14;  // 14 x 2 sums, 2 columns and one number of the 32 registers
#include "model.inl"
#undef TARGET

}  // namespace avx512

#endif

namespace plain {

#define TARGET
struct Narrow {
    typedef float8 type;
    typedef lanes8 integers;
    static constexpr int lanes = 8;
    static inline type load(const float* p) { return *reinterpret_cast<const type*>(p); }
    static inline void store(float* p, type x) { *reinterpret_cast<type*>(p) = x; }
    static inline type all(float x) { return type{x, x, x, x, x, x, x, x}; }
    static inline type root(type x) {
        for (int i = 0; i < lanes; ++i) x[i] = std::sqrt(x[i]);
        return x;
    }
    static inline type fma(type a, type b, type c) {
#if defined(__aarch64__)
        float32x4_t s[2], x[2], y[2];
        std::memcpy(s, &c, sizeof s), std::memcpy(x, &a, sizeof x), std::memcpy(y, &b, sizeof y);
        for (int i = 0; i < 2; ++i) s[i] = vfmaq_f32(s[i], x[i], y[i]);
        std::memcpy(&c, s, sizeof s);
        return c;
#else
        return a * b + c;
#endif
    }
    static inline type positive(type x) { return x < 0.0f ? type{} : x; }
    static inline type where_positive(type gate, type x) { return gate > 0.0f ? x : type{}; }
};
inline void transpose(const float* from, long ld_from, float* to, long ld_to) {
    for (int i = 0; i < 8; ++i)
        for (int j = 0; j < 8; ++j) to[j * ld_to + i] = from[i * ld_from + j];
}
typedef Narrow Wide;
#if defined(__aarch64__)
constexpr int TILE = 6;
#else
constexpr int TILE = 2;  // a vector takes two of the 16 registers
#endif
#include "model.inl"
#undef TARGET

}  // namespace plain

#include "exchange.inl"

typedef void Descend(const Problem&, const int32_t*, int, long, Model&, Scratch&);

bool always() { return true; }
#if defined(__x86_64__)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}
#endif

struct Kernel {
    const char *name, *rounding;  // kernels of one rounding give the same bits
    bool (*supported)();
    Descend* descend;
};

const Kernel KERNELS[] = {
#if defined(__x86_64__)
    {"AVX-512", "FMA", has_avx512, avx512::descend},
    {"AVX2", "FMA", has_avx2, avx2::descend},
    {"SSE2", "no FMA", always, plain::descend},
#elif defined(__aarch64__)
    {"NEON", "FMA", always, plain::descend},
#else
    {"plain", "no FMA", always, plain::descend},
#endif
};
constexpr int COUNT = sizeof KERNELS / sizeof *KERNELS;

bool train_one(const Problem& q, const Kernel& kernel, int model) {
    const int trial = model / q.subsets, subset = model % q.subsets, size = q.sizes[subset];
    const int32_t* members = q.members;
    for (int s = 0; s < subset; ++s) members += q.sizes[s];
    const int units = padded(q.width), classes = padded(q.outputs);
    const long features = static_cast<long>(in_head(q, size)) * units;
    const long share = static_cast<long>(BLOCK) * units, layer = static_cast<long>(units) * units;
    const int layers = q.depth ? q.depth : 1, fused = fuses(q, size);
    const Own own = own_weights(q, members, size);
    const int attends = fused && q.operation == ATTENTION;
    Model m{};
    for (int i = 0; i < size; ++i) m.first_layers += static_cast<long>(q.dims[members[i]]) * units;
    m.own = m.first_layers + size * (layers - 1) * layer;
    m.turned = m.own - m.first_layers + attends * layer;
    m.head = m.own + own.blocks * own.padded_columns * units;
    m.head_count = (features + 1) * classes;
    m.count = (m.head + m.head_count + 15) / 16 * 16;
    Scratch w{};
    const struct { float** at; long numbers; } parts[] = {
        {&m.value, m.count}, {&m.gradient, m.count}, {&m.first, m.count}, {&m.second, m.count},
        {&w.z, share * size * layers}, {&w.back, 2 * share}, {&w.turned, m.turned},
        {&w.scores, static_cast<long>(BLOCK) * classes}, {&w.head, classes * features},
        {&w.head_gradient, classes * features}, {&w.eight, 8L * classes},
        {&w.targets, 8L * classes}, {&w.scale, 8}, {&w.fused, fused * share},
        {&w.mixed, fused * share * (size + 1)}, {&w.own_back, fused * share},
        {&w.weights, attends * (size + 1L) * size * BLOCK}, {&w.gains, attends * 8L * size},
    };
    constexpr long LINE = 16;  // numbers in 64 bytes: a vector of any width lies in one line of the cache
    long total = LINE;
    for (const auto& part : parts) total += (part.numbers + LINE - 1) / LINE * LINE;
    float* const memory = static_cast<float*>(std::calloc(total, sizeof(float)));
    if (!memory) return false;
    float* next = memory + (64 - reinterpret_cast<uintptr_t>(memory) % 64) % 64 / sizeof(float);
    for (const auto& part : parts) {
        *part.at = next;
        next += (part.numbers + LINE - 1) / LINE * LINE;
    }
    exchange(q, subset, members, trial, m, true);
    kernel.descend(q, members, size, trial, m, w);
    exchange(q, subset, members, trial, m, false);
    std::free(memory);
    return true;
}

}  // namespace

// Whoever was built for another Problem must not be called: its size and its integers. Versions that
// look at the size alone ask for `problem_size`, and find nothing.
extern "C" int problem_bytes() { return sizeof(Problem); }
extern "C" const char* problem_integers() { return TEXT(INTEGERS); }

// The kernels of this build, the fastest first: their names, and whether the processor has what one
// needs. A null pointer behind the last.
extern "C" const char* kernel_name(int kernel) { return kernel < COUNT ? KERNELS[kernel].name : nullptr; }
extern "C" int kernel_supported(int kernel) { return KERNELS[kernel].supported(); }

// What a kernel's numbers depend on besides this code: compiler, how it rounds, floating-point flags.
extern "C" const char* kernel_rounding(int kernel) { return KERNELS[kernel].rounding; }
extern "C" const char* compiler() {
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
#if !defined(__OPTIMIZE__)
        " unoptimised"
#endif
#if defined(__FAST_MATH__)
        " fast-math"
#endif
        ;
}

// Train models next, next + 1, ... with a kernel until all are done; several threads may share `next`.
// Returns 0, or 1 where memory ran out.
extern "C" int train(const Problem* problem, int32_t* next, int kernel) {
    const int models = problem->trials * problem->subsets;
    for (;;) {
        const int model = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
        if (model >= models) return 0;
        if (!train_one(*problem, KERNELS[kernel], model)) return 1;
    }
}

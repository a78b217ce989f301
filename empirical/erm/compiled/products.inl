// Products of matrices, and the exponential, for one set of instructions; part of model.inl.

enum After { SET, ADD, RELU, MASK };

// One register tile of C(i, :) = sum_k A(i, k) B(k, :), R rows by NV vectors of columns.
// SET stores the sum; ADD goes on from what C holds; RELU rectifies the sum; MASK keeps it where `gate`,
// laid out as C, is positive.
template <class V, int R, int NV, After AFTER>
TARGET inline void tile(int depth, const float* a, long a_i, long a_k, const float* b, long ldb,
                        float* c, long ldc, const float* gate) {
    typename V::type sum[R][NV];
    UNROLL for (int i = 0; i < R; ++i)
        UNROLL for (int v = 0; v < NV; ++v)
            sum[i][v] = AFTER == ADD ? V::load(c + i * ldc + v * V::lanes) : V::all(0.0f);
    for (int k = 0; k < depth; ++k) {
        typename V::type right[NV];
        UNROLL for (int v = 0; v < NV; ++v) right[v] = V::load(b + k * ldb + v * V::lanes);
        UNROLL for (int i = 0; i < R; ++i) {
            const typename V::type left = V::all(a[i * a_i + k * a_k]);
            UNROLL for (int v = 0; v < NV; ++v) sum[i][v] = V::fma(left, right[v], sum[i][v]);
        }
    }
    UNROLL for (int i = 0; i < R; ++i)
        UNROLL for (int v = 0; v < NV; ++v) {
            const long at = i * ldc + v * V::lanes;
            typename V::type s = sum[i][v];
            if (AFTER == RELU) s = V::positive(s);
            if (AFTER == MASK) s = V::where_positive(V::load(gate + at), s);
            V::store(c + at, s);
        }
}

template <class V, int NV, After AFTER>
TARGET inline void rows_of(int count, int depth, const float* a, long a_i, long a_k, const float* b,
                           long ldb, float* c, long ldc, const float* gate) {
    // Tiles of nearly equal height: a last tile of one row would wait for its own sums.
    constexpr int HEIGHT = NV == 1 && TILE < 7 ? 2 * TILE : TILE;
    const int tiles = (count + HEIGHT - 1) / HEIGHT;
    for (int t = 0, i = 0; t < tiles; ++t) {
        const int height = (count - i + tiles - t - 1) / (tiles - t);
        const float* ai = a + i * a_i;
        float* ci = c + i * ldc;
        const float* gi = AFTER == MASK ? gate + i * ldc : nullptr;
#define HEIGHT_CASE(R)                                                      \
    case R:                                                                 \
        if constexpr (R <= HEIGHT)                                          \
            tile<V, R, NV, AFTER>(depth, ai, a_i, a_k, b, ldb, ci, ldc, gi); \
        break;
        switch (height) {
            HEIGHT_CASE(1) HEIGHT_CASE(2) HEIGHT_CASE(3) HEIGHT_CASE(4) HEIGHT_CASE(5)
            HEIGHT_CASE(6) HEIGHT_CASE(7) HEIGHT_CASE(8) HEIGHT_CASE(9) HEIGHT_CASE(10)
            HEIGHT_CASE(11) HEIGHT_CASE(12) HEIGHT_CASE(13) HEIGHT_CASE(14)
        }
#undef HEIGHT_CASE
        i += height;
    }
}

// C(i, j) = sum_k A(i, k) B(k, j) for `count` rows and `columns` (a multiple of 8) columns.
template <After AFTER>
TARGET void product(int count, int columns, int depth, const float* a, long a_i, long a_k,
                    const float* b, long ldb, float* c, long ldc, const float* gate = nullptr) {
    constexpr int W = Wide::lanes;
    int j = 0;
    for (; j + 2 * W <= columns; j += 2 * W)
        rows_of<Wide, 2, AFTER>(count, depth, a, a_i, a_k, b + j, ldb, c + j, ldc,
                                AFTER == MASK ? gate + j : nullptr);
    if (j + W <= columns) {
        rows_of<Wide, 1, AFTER>(count, depth, a, a_i, a_k, b + j, ldb, c + j, ldc,
                                AFTER == MASK ? gate + j : nullptr);
        j += W;
    }
    if constexpr (W > Narrow::lanes)
        if (j < columns)
            rows_of<Narrow, 1, AFTER>(count, depth, a, a_i, a_k, b + j, ldb, c + j, ldc,
                                      AFTER == MASK ? gate + j : nullptr);
}

// exp for x <= 0, to about two units in the last place; zero below -87.
template <class V>
TARGET inline typename V::type exp_negative(typename V::type x) {
    typedef typename V::type type;
    const type least = V::all(-87.0f);
    const auto tiny = x < least;
    x = tiny ? least : x;
    const type shift = V::all(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
    const type n = V::fma(x, V::all(1.44269504f), shift) - shift;
    const type r = V::fma(n, V::all(2.12194440e-4f), V::fma(n, V::all(-0.693359375f), x));
    type p = V::all(1.9875691500e-4f);
    p = V::fma(p, r, V::all(1.3981999507e-3f));
    p = V::fma(p, r, V::all(8.3334519073e-3f));
    p = V::fma(p, r, V::all(4.1665795894e-2f));
    p = V::fma(p, r, V::all(1.6666665459e-1f));
    p = V::fma(p, r, V::all(5.0000001201e-1f));
    p = V::fma(p * r, r, r) + V::all(1.0f);
    const auto power = (__builtin_convertvector(n, typename V::integers) + 127) << 23;
    const type scaled = p * reinterpret_cast<const type&>(power);
    return tiny ? V::all(0.0f) : scaled;
}

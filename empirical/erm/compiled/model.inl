// The training of one model, for one set of instructions. train.cpp includes this file once for each,
// inside a namespace that defines before it:
//
//   TARGET                      the attribute that lets a function use the instructions
//   Narrow, Wide                8 lanes, and as many as one register holds: their `type`, `lanes`,
//                               load, store, all, fma, root, positive (x > 0 ? x : 0) and
//                               where_positive (gate > 0 ? x : 0)
//   TILE                        rows of a register tile of two wide columns
//   transpose                   8 x 8 numbers from one place to another
//
// Every number is one sum in a fixed order, each step of it one fused multiply-add, whatever the lanes,
// tiles and blocks: all kernels that fuse give the same bits.

enum After { ADD, RELU, MASK };

// One register tile of C(i, :) = sum_k A(i, k) B(k, :), R rows by NV vectors of columns.
// ADD goes on from what C holds; RELU rectifies the result; MASK keeps it where `gate`, laid out as C,
// is positive.
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
TARGET inline Narrow::type exp_negative(Narrow::type x) {
    typedef Narrow N;
    const N::type least = N::all(-87.0f);
    const auto tiny = x < least;
    x = tiny ? least : x;
    const N::type shift = N::all(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer
    const N::type n = N::fma(x, N::all(1.44269504f), shift) - shift;
    const N::type r = N::fma(n, N::all(2.12194440e-4f), N::fma(n, N::all(-0.693359375f), x));
    N::type p = N::all(1.9875691500e-4f);
    p = N::fma(p, r, N::all(1.3981999507e-3f));
    p = N::fma(p, r, N::all(8.3334519073e-3f));
    p = N::fma(p, r, N::all(4.1665795894e-2f));
    p = N::fma(p, r, N::all(1.6666665459e-1f));
    p = N::fma(p, r, N::all(5.0000001201e-1f));
    p = N::fma(p * r, r, r) + N::all(1.0f);
    const auto power = (__builtin_convertvector(n, integers) + 127) << 23;
    const N::type scaled = p * reinterpret_cast<const N::type&>(power);
    return tiny ? N::all(0.0f) : scaled;
}

TARGET void adam(Model& m, int step, float rate) {
    typedef Wide W;
    const float epsilon = 1e-8f;
    const double correct1 = 1.0 - std::pow(0.9, step), correct2 = 1.0 - std::pow(0.999, step);
    const W::type size = W::all(static_cast<float>(rate / correct1));
    const W::type root = W::all(static_cast<float>(1.0 / std::sqrt(correct2)));
    // 1 - 0.9f and 1 - 0.999f would be off by 2e-7 and 1e-5.
    const W::type share1 = W::all(0.1f), share2 = W::all(0.001f), keep2 = W::all(0.999f);
    for (long i = 0; i < m.count; i += W::lanes) {
        const W::type g = W::load(m.gradient + i);
        const W::type f0 = W::load(m.first + i);
        const W::type f = W::fma(share1, g - f0, f0);
        const W::type s = W::fma(keep2, W::load(m.second + i), share2 * g * g);
        W::store(m.first + i, f);
        W::store(m.second + i, s);
        W::store(m.value + i, W::load(m.value + i) - size * f / W::fma(W::root(s), root, W::all(epsilon)));
    }
}

TARGET void into_ball(float* from, long count, float radius) {
    Narrow::type sums = Narrow::all(0.0f);
    for (long i = 0; i < count; i += Narrow::lanes) {
        const Narrow::type x = Narrow::load(from + i);
        sums = Narrow::fma(x, x, sums);
    }
    float lanes[Narrow::lanes], square = 0.0f;
    Narrow::store(lanes, sums);
    for (int lane = 0; lane < Narrow::lanes; ++lane) square += lanes[lane];
    if (square <= radius * radius) return;
    const Narrow::type shrink = Narrow::all(radius / std::sqrt(square));
    for (long i = 0; i < count; i += Narrow::lanes)
        Narrow::store(from + i, Narrow::load(from + i) * shrink);
}

// The gradient of the loss of 8 rows in their scores, in place. scores, targets: [class, row], the rows
// of a class side by side; `stride` numbers from one class to the next in `targets`.
TARGET void residuals(const Problem& q, float* scores, const float* targets, long stride,
                      const float* scale) {
    typedef Narrow N;
    const N::type factor = N::load(scale);
    if (q.objective == SOFTMAX) {
        N::type top = N::load(scores), sum = N::all(0.0f);
        for (int c = 1; c < q.outputs; ++c) {
            const N::type s = N::load(scores + c * 8);
            top = s > top ? s : top;
        }
        for (int c = 0; c < q.outputs; ++c) {
            const N::type e = exp_negative(N::load(scores + c * 8) - top);
            N::store(scores + c * 8, e);
            sum += e;
        }
        const N::type share = factor / sum;
        for (int c = 0; c < q.outputs; ++c) {
            const N::type target = N::load(targets + c * stride) * factor;
            N::store(scores + c * 8, N::fma(N::load(scores + c * 8), share, -target));
        }
    } else if (q.objective == LEAST_SQUARES) {
        const N::type twice = factor * N::all(2.0f);
        for (int c = 0; c < q.outputs; ++c)
            N::store(scores + c * 8,
                     (N::load(scores + c * 8) - N::load(targets + c * stride)) * twice);
    } else if (q.objective == LOGISTIC) {
        for (int c = 0; c < q.outputs; ++c)
            for (int r = 0; r < 8; ++r) {
                float& s = scores[c * 8 + r];
                s = (1.0f / (1.0f + std::exp(-s)) - targets[c * stride + r]) * scale[r];
            }
    } else {
        for (int c = 0; c < q.outputs; ++c)
            N::store(scores + c * 8, -N::load(targets + c * stride) * factor);
    }
}

// The same for the rows of a block from `start` on: scores [rows, classes]; zero in padded classes.
TARGET void residuals_of_block(const Problem& q, int rows, long trial, int start, Scratch& w) {
    const int classes = padded(q.outputs);
    for (int r = 0; r < rows; r += 8) {
        const float* targets = q.targets + trial * q.outputs * q.rows + start + r;
        const float* scale = q.scale + trial * q.rows + start + r;
        long stride = q.rows;
        if (r + 8 > rows) {  // a copy, since there is nothing to read behind the last row
            for (int i = 0; i < rows - r; ++i) {
                for (int c = 0; c < q.outputs; ++c) w.targets[c * 8 + i] = targets[c * stride + i];
                w.scale[i] = scale[i];
            }
            targets = w.targets, scale = w.scale, stride = 8;
        }
        float* const here = w.scores + static_cast<long>(r) * classes;
        for (int c = 0; c < classes; c += 8) transpose(here + c, classes, w.eight + c * 8, 8);
        residuals(q, w.eight, targets, stride, scale);
        std::memset(w.eight + q.outputs * 8, 0, sizeof(float) * (classes - q.outputs) * 8);
        for (int c = 0; c < classes; c += 8) transpose(w.eight + c * 8, 8, here + c, classes);
    }
}

// One forward and backward pass over all rows; leaves the gradient in `m`.
TARGET void gradient(const Problem& q, const int32_t* members, int size, long trial, Model& m,
                     Scratch& w) {
    const int units = padded(q.width), classes = padded(q.outputs);
    const long features = static_cast<long>(size) * units;
    const float* const v = m.value + m.head;
    const float* const bias = v + features * classes;
    float* const bias_gradient = m.gradient + m.head + features * classes;
    std::memset(m.gradient, 0, sizeof(float) * m.count);
    std::memset(w.head_gradient, 0, sizeof(float) * classes * features);
    for (long j = 0; j < features; j += 8)
        for (int c = 0; c < classes; c += 8)
            transpose(v + j * classes + c, classes, w.head + c * features + j, features);
    const int further = q.depth - 1;  // layers of an encoder after the first, [units, units] each
    const long layer = static_cast<long>(units) * units, share = static_cast<long>(BLOCK) * units;
    for (long j = 0; j < size * further * units; j += 8)
        for (int u = 0; u < units; u += 8)
            transpose(m.value + m.first_layers + j * units + u, units,
                      w.turned + j / units * layer + u * units + j % units, units);
    for (int start = 0; start < q.rows; start += BLOCK) {
        const int rows = q.rows - start < BLOCK ? q.rows - start : BLOCK;
        for (int r = 0; r < rows; ++r)
            std::memcpy(w.scores + r * classes, bias, sizeof(float) * classes);
        long offset = 0;
        for (int i = 0; i < size; ++i) {
            const int dim = q.dims[members[i]];
            const float* x = q.inputs[members[i]] + (trial * q.rows + start) * dim;
            float* z = w.z + i * q.depth * share;
            product<RELU>(rows, units, dim, x, dim, 1, m.value + offset, units, z, units);
            for (int l = 0; l < further; ++l, z += share)
                product<RELU>(rows, units, units, z, units, 1,
                              m.value + m.first_layers + (i * further + l) * layer, units,
                              z + share, units);
            product<ADD>(rows, classes, units, z, units, 1, v + static_cast<long>(i) * units * classes,
                         classes, w.scores, classes);
            offset += static_cast<long>(dim) * units;
        }
        residuals_of_block(q, rows, trial, start, w);
        for (int r = 0; r < rows; ++r)
            for (int c = 0; c < classes; ++c) bias_gradient[c] += w.scores[r * classes + c];
        offset = 0;
        for (int i = 0; i < size; ++i) {
            const int dim = q.dims[members[i]];
            const float* x = q.inputs[members[i]] + (trial * q.rows + start) * dim;
            const float* z = w.z + (i * q.depth + further) * share;
            float *back = w.back, *other = w.back + share;
            product<ADD>(q.outputs, units, rows, w.scores, 1, classes, z, units,
                         w.head_gradient + i * units, features);
            product<MASK>(rows, units, q.outputs, w.scores, classes, 1, w.head + i * units, features,
                          back, units, z);
            for (int l = further - 1; l >= 0; --l) {
                const long at = (i * further + l) * layer;
                z -= share;
                product<ADD>(units, units, rows, z, 1, units, back, units,
                             m.gradient + m.first_layers + at, units);
                product<MASK>(rows, units, units, back, units, 1, w.turned + at, units, other, units,
                              z);
                float* const done = back;
                back = other, other = done;
            }
            product<ADD>(dim, units, rows, x, 1, dim, back, units, m.gradient + offset, units);
            offset += static_cast<long>(dim) * units;
        }
    }
    for (long j = 0; j < features; j += 8)
        for (int c = 0; c < classes; c += 8)
            transpose(w.head_gradient + c * features + j, features,
                      m.gradient + m.head + j * classes + c, classes);
}

TARGET void descend(const Problem& q, const int32_t* members, int size, long trial, Model& m,
                    Scratch& w) {
    for (int step = 0; step <= q.steps; ++step) {
        if (step) {
            gradient(q, members, size, trial, m, w);
            adam(m, step, q.learning_rate);
        }
        into_ball(m.value, m.first_layers, q.encoder_radius);
        const long layer = static_cast<long>(padded(q.width)) * padded(q.width);
        for (long at = m.first_layers; at < m.head; at += layer)
            into_ball(m.value + at, layer, q.layer_radius);
        into_ball(m.value + m.head, m.head_count, q.head_radius);
    }
}

// The training of one model, for one set of instructions. train.cpp includes this file once for each,
// inside a namespace that defines before it:
//
//   TARGET                      the attribute that lets a function use the instructions
//   Narrow, Wide                8 lanes, and as many as one register holds: their `type`, `lanes`,
//                               load, store, all, fma, root, positive (x < 0 ? 0 : x, so that NaN stays) and
//                               where_positive (gate > 0 ? x : 0)
//   TILE                        rows of a register tile of two wide columns
//   transpose                   8 x 8 numbers from one place to another
//
// Every number is one sum in a fixed order, each step of it one fused multiply-add, whatever the lanes,
// tiles and blocks: all kernels that fuse give the same bits.

#include "products.inl"
#include "fusion.inl"

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
            const N::type e = exp_negative<N>(N::load(scores + c * 8) - top);
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

// The tokens of a block's rows: every layer of every member's encoder.
TARGET void encode(const Pass& p) {
    const float* weights = p.m.value;
    for (int i = 0; i < p.size; ++i) {
        const int dim = p.dim(i);
        float* z = p.layer(i, 0);
        if (p.q.depth)
            product<RELU>(p.rows, p.units, dim, p.inputs(i), dim, 1, weights, p.units, z, p.units);
        else
            product<SET>(p.rows, p.units, dim, p.inputs(i), dim, 1, weights, p.units, z, p.units);
        for (int l = 1; l < p.q.depth; ++l, z += p.share())
            product<RELU>(p.rows, p.units, p.units, z, p.units, 1, p.m.value + p.further(i, l), p.units,
                          z + p.share(), p.units);
        weights += static_cast<long>(dim) * p.units;
    }
}

// The gradient of member i's layers, from that in its last product, which w.back holds; `first` is the
// place of its first layer.
TARGET void encode_back(const Pass& p, int i, long first) {
    const int dim = p.dim(i);
    float *back = p.w.back, *other = p.w.back + p.share();
    for (int l = p.q.depth - 1; l > 0; --l) {
        const float* const z = p.layer(i, l - 1);
        const long at = p.further(i, l);
        product<ADD>(p.units, p.units, p.rows, z, 1, p.units, back, p.units, p.m.gradient + at, p.units);
        product<MASK>(p.rows, p.units, p.units, back, p.units, 1, p.w.turned + at - p.m.first_layers,
                      p.units, other, p.units, z);
        float* const done = back;
        back = other, other = done;
    }
    product<ADD>(dim, p.units, p.rows, p.inputs(i), 1, dim, back, p.units, p.m.gradient + first, p.units);
}

// One forward and backward pass over all rows; leaves the gradient in `m`.
TARGET void gradient(const Problem& q, const int32_t* members, int size, long trial, Model& m,
                     Scratch& w) {
    const int units = padded(q.width), classes = padded(q.outputs);
    const int seen = in_head(q, size);  // features that the head sees side by side, each of `units`
    const Fusion& fusion = FUSIONS[fuses(q, size) ? q.operation : CONCATENATION];
    const long features = static_cast<long>(seen) * units;
    const float* const v = m.value + m.head;
    const float* const bias = v + features * classes;
    float* const bias_gradient = m.gradient + m.head + features * classes;
    std::memset(m.gradient, 0, sizeof(float) * m.count);
    std::memset(w.head_gradient, 0, sizeof(float) * classes * features);
    for (long j = 0; j < features; j += 8)
        for (int c = 0; c < classes; c += 8)
            transpose(v + j * classes + c, classes, w.head + c * features + j, features);
    const long layer = static_cast<long>(units) * units;
    for (long j = 0; j < m.turned / units; j += 8)
        for (int u = 0; u < units; u += 8)
            transpose(m.value + m.first_layers + j * units + u, units,
                      w.turned + j / units * layer + u * units + j % units, units);
    for (int start = 0; start < q.rows; start += BLOCK) {
        const int rows = q.rows - start < BLOCK ? q.rows - start : BLOCK;
        const Pass p{q, members, size, trial, m, w, start, rows, units};
        encode(p);
        if (fusion.forth) fusion.forth(p);
        for (int r = 0; r < rows; ++r)
            std::memcpy(w.scores + r * classes, bias, sizeof(float) * classes);
        for (int i = 0; i < seen; ++i)
            product<ADD>(rows, classes, units, fusion.forth ? w.fused : p.token(i), units, 1,
                         v + static_cast<long>(i) * units * classes, classes, w.scores, classes);
        residuals_of_block(q, rows, trial, start, w);
        for (int r = 0; r < rows; ++r)
            for (int c = 0; c < classes; ++c) bias_gradient[c] += w.scores[r * classes + c];
        for (int i = 0; i < seen; ++i)
            product<ADD>(q.outputs, units, rows, w.scores, 1, classes,
                         fusion.forth ? w.fused : p.token(i), units, w.head_gradient + i * units,
                         features);
        if (fusion.forth)
            product<SET>(rows, units, q.outputs, w.scores, classes, 1, w.head, features, p.slope(),
                         units);
        if (fusion.turn) fusion.turn(p);
        long first = 0;
        for (int i = 0; i < size; ++i) {
            if (fusion.back)
                fusion.back(p, i);
            else if (q.depth)
                product<MASK>(rows, units, q.outputs, w.scores, classes, 1, w.head + i * units,
                              features, w.back, units, p.token(i));
            else
                product<SET>(rows, units, q.outputs, w.scores, classes, 1, w.head + i * units, features,
                             w.back, units);
            encode_back(p, i, first);
            first += static_cast<long>(p.dim(i)) * units;
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
        for (long at = m.first_layers; at < m.own; at += layer)
            into_ball(m.value + at, layer, q.layer_radius);
        into_ball(m.value + m.own, m.head - m.own, q.encoder_radius);
        into_ball(m.value + m.head, m.head_count, q.head_radius);
    }
}

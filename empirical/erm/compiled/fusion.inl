// How the tokens of a model's modalities become one feature, and the way back; part of model.inl.
//
//   sum        z = sum_k u_k              mean       z = sum_k u_k / |M|
//   gated      z = sum_k g_k * u_k,       g_k = sigmoid(Q_k x), x all inputs of the model
//   attention  z = sum_l w_l u_l,         w_l = mean_k a_kl, a_kl = softmax_l(u_k^T P u_l / sqrt(h))
//
// as in empirical/fusion/operations.py. Steps that run over all units of a block at once go up to a wide
// register beyond the last row, which every buffer has room for.

// The numbers of a block, a row after another.
inline long numbers(const Pass& p) { return static_cast<long>(p.rows) * p.units; }

// The gradient in what member i's encoder holds behind its last product: none where a unit is at rest.
TARGET inline Wide::type behind(const Pass& p, const float* token, Wide::type slope) {
    return p.q.depth ? Wide::where_positive(Wide::load(token), slope) : slope;
}

TARGET void add_up(const Pass& p) {
    const Wide::type divisor = Wide::all(p.q.operation == MEAN ? p.size : 1.0f);
    for (long e = 0; e < numbers(p); e += Wide::lanes) {
        Wide::type sum = Wide::load(p.token(0) + e);
        for (int i = 1; i < p.size; ++i) sum += Wide::load(p.token(i) + e);
        Wide::store(p.w.fused + e, sum / divisor);
    }
}

TARGET void share_out(const Pass& p, int i) {
    const Wide::type divisor = Wide::all(p.q.operation == MEAN ? p.size : 1.0f);
    const float *const token = p.token(i), *const slope = p.slope();
    for (long e = 0; e < numbers(p); e += Wide::lanes)
        Wide::store(p.w.back + e, behind(p, token + e, Wide::load(slope + e) / divisor));
}

TARGET void gate(const Pass& p) {
    typedef Wide::type type;
    const float* weights = p.m.value + p.m.own;
    for (int i = 0; i < p.size; ++i)
        for (int j = 0; j < p.size; ++j) {
            const int dim = p.dim(j);
            if (j)
                product<ADD>(p.rows, p.units, dim, p.inputs(j), dim, 1, weights, p.units, p.mixed(i),
                             p.units);
            else
                product<SET>(p.rows, p.units, dim, p.inputs(j), dim, 1, weights, p.units, p.mixed(i),
                             p.units);
            weights += static_cast<long>(dim) * p.units;
        }
    const type zero = Wide::all(0.0f), one = Wide::all(1.0f);
    for (int i = 0; i < p.size; ++i) {
        float* const gates = p.mixed(i);
        const float* const token = p.token(i);
        for (long e = 0; e < numbers(p); e += Wide::lanes) {
            const type a = Wide::load(gates + e);
            const type small = exp_negative<Wide>(a > zero ? -a : a);
            const type open = (a > zero ? one : small) / (one + small);
            const type sum = i ? Wide::load(p.w.fused + e) : zero;
            Wide::store(gates + e, open);
            Wide::store(p.w.fused + e, Wide::fma(open, Wide::load(token + e), sum));
        }
    }
}

TARGET void gate_back(const Pass& p, int i) {
    typedef Wide::type type;
    const float *const token = p.token(i), *const slope = p.slope(), *const gates = p.mixed(i);
    const type one = Wide::all(1.0f);
    long inputs = 0;
    for (int j = 0; j < p.size; ++j) inputs += p.dim(j);
    for (long e = 0; e < numbers(p); e += Wide::lanes) {
        const type open = Wide::load(gates + e), s = Wide::load(slope + e) * open;
        Wide::store(p.w.own_back + e, s * Wide::load(token + e) * (one - open));
        Wide::store(p.w.back + e, behind(p, token + e, s));
    }
    float* gradient = p.m.gradient + p.m.own + i * inputs * p.units;
    for (int j = 0; j < p.size; ++j) {
        const int dim = p.dim(j);
        product<ADD>(dim, p.units, p.rows, p.inputs(j), 1, dim, p.w.own_back, p.units, gradient,
                     p.units);
        gradient += static_cast<long>(dim) * p.units;
    }
}

// The products of 8 rows of `a` with those of `b`.
TARGET inline Narrow::type dots(const float* a, const float* b, int units) {
    typedef Narrow N;
    N::type sum[8];
    UNROLL for (int r = 0; r < 8; ++r) sum[r] = N::all(0.0f);
    for (int j = 0; j < units; j += 8)
        UNROLL for (int r = 0; r < 8; ++r)
            sum[r] = N::fma(N::load(a + r * units + j), N::load(b + r * units + j), sum[r]);
    float by_row[64], by_lane[64];
    UNROLL for (int r = 0; r < 8; ++r) N::store(by_row + r * 8, sum[r]);
    transpose(by_row, 8, by_lane, 8);
    UNROLL for (int l = 0; l < 8; ++l) sum[l] = N::load(by_lane + l * 8);
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

// to(r, :) = sum_k by(k, r) from_k(r, :), for the columns of one register.
template <class V>
TARGET inline typename V::type mixture(int count, const float* by, long by_apart, const float* from,
                                       long apart, typename V::type sum) {
    for (int k = 0; k < count; ++k)
        sum = V::fma(V::all(by[k * by_apart]), V::load(from + k * apart), sum);
    return sum;
}

template <class V, After AFTER>
TARGET inline void mix_columns(int count, const float* by, long by_apart, const float* from, long apart,
                               float* to, const float* gate) {
    const typename V::type start = AFTER == SET ? V::all(0.0f) : V::load(to);
    typename V::type sum = mixture<V>(count, by, by_apart, from, apart, start);
    if (AFTER == MASK) sum = V::where_positive(V::load(gate), sum);
    V::store(to, sum);
}

// SET stores the sums, ADD goes on from what `to` holds, and MASK too, but keeps them where `gate` is
// positive alone.
template <After AFTER>
TARGET void mix(const Pass& p, int count, const float* by, long by_apart, const float* from, long apart,
                float* to, const float* gate = nullptr) {
    for (int r = 0; r < p.rows; ++r) {
        const long row = static_cast<long>(r) * p.units;
        int j = 0;
        for (; j + Wide::lanes <= p.units; j += Wide::lanes)
            mix_columns<Wide, AFTER>(count, by + r, by_apart, from + row + j, apart, to + row + j,
                                     AFTER == MASK ? gate + row + j : nullptr);
        for (; j < p.units; j += Narrow::lanes)
            mix_columns<Narrow, AFTER>(count, by + r, by_apart, from + row + j, apart, to + row + j,
                                       AFTER == MASK ? gate + row + j : nullptr);
    }
}

// Leaves the keys P u_l in `mixed`, a_kl in `weights(k, l)`, and w_l in `weights(l, |M|)`.
TARGET void attend(const Pass& p) {
    typedef Narrow N;
    const int n = p.size;
    const N::type scale = N::all(1.0f / std::sqrt(static_cast<float>(p.q.width)));
    for (int l = 0; l < n; ++l)
        product<SET>(p.rows, p.units, p.units, p.token(l), p.units, 1, p.m.value + p.m.own, p.units,
                     p.mixed(l), p.units);
    for (int r = 0; r < p.rows; r += 8) {
        const long row = static_cast<long>(r) * p.units;
        for (int k = 0; k < n; ++k) {
            N::type top = N::all(0.0f), sum = N::all(0.0f);
            for (int l = 0; l < n; ++l) {
                const N::type score = dots(p.token(k) + row, p.mixed(l) + row, p.units) * scale;
                N::store(p.weights(k, l) + r, score);
                top = l && top > score ? top : score;
            }
            for (int l = 0; l < n; ++l) {
                const N::type e = exp_negative<N>(N::load(p.weights(k, l) + r) - top);
                N::store(p.weights(k, l) + r, e);
                sum += e;
            }
            for (int l = 0; l < n; ++l)
                N::store(p.weights(k, l) + r, N::load(p.weights(k, l) + r) / sum);
        }
        for (int l = 0; l < n; ++l) {
            N::type sum = N::load(p.weights(0, l) + r);
            for (int k = 1; k < n; ++k) sum += N::load(p.weights(k, l) + r);
            N::store(p.weights(l, n) + r, sum / N::all(n));
        }
    }
    mix<SET>(p, n, p.weights(0, n), (n + 1L) * BLOCK, p.token(0), p.apart(), p.w.fused);
}

// The gradient in the scores, divided by sqrt(h), in the place of a_kl.
TARGET void attend_turn(const Pass& p) {
    typedef Narrow N;
    const int n = p.size;
    const N::type scale = N::all(1.0f / std::sqrt(static_cast<float>(p.q.width)));
    for (int r = 0; r < p.rows; r += 8) {
        const long row = static_cast<long>(r) * p.units;
        for (int l = 0; l < n; ++l)
            N::store(p.w.gains + l * 8, dots(p.slope() + row, p.token(l) + row, p.units) / N::all(n));
        for (int k = 0; k < n; ++k) {
            N::type mean = N::all(0.0f);
            for (int l = 0; l < n; ++l)
                mean = N::fma(N::load(p.weights(k, l) + r), N::load(p.w.gains + l * 8), mean);
            for (int l = 0; l < n; ++l)
                N::store(p.weights(k, l) + r, N::load(p.weights(k, l) + r) *
                                                  (N::load(p.w.gains + l * 8) - mean) * scale);
        }
    }
}

// With t_kl that gradient: key l has the gradient sum_k t_kl u_k, and token l that of its key, through P,
// and sum_j t_lj key_j as a query and w_l times the slope as a value. The slope lies behind the keys, and
// w_l behind t_l, so that these are one sum.
TARGET void attend_back(const Pass& p, int i) {
    const int n = p.size;
    mix<SET>(p, n, p.weights(0, i), (n + 1L) * BLOCK, p.token(0), p.apart(), p.w.own_back);
    product<ADD>(p.units, p.units, p.rows, p.token(i), 1, p.units, p.w.own_back, p.units,
                 p.m.gradient + p.m.own, p.units);
    product<SET>(p.rows, p.units, p.units, p.w.own_back, p.units, 1, p.w.turned + p.m.own - p.m.first_layers, p.units, p.w.back,
                 p.units);
    if (p.q.depth)
        mix<MASK>(p, n + 1, p.weights(i, 0), BLOCK, p.mixed(0), p.share(), p.w.back, p.token(i));
    else
        mix<ADD>(p, n + 1, p.weights(i, 0), BLOCK, p.mixed(0), p.share(), p.w.back);
}

// In the order of `Operation`.
const struct Fusion {
    void (*forth)(const Pass&);      // the fused feature of a block from its tokens
    void (*turn)(const Pass&);       // from the gradient in it, what the ways back have in common, or null
    void (*back)(const Pass&, int);  // the gradient in member i's last product, into w.back
} FUSIONS[] = {
    {nullptr, nullptr, nullptr},  // the head sees the tokens themselves
    {add_up, nullptr, share_out},
    {add_up, nullptr, share_out},
    {gate, nullptr, gate_back},
    {attend, attend_turn, attend_back},
};

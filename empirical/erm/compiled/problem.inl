// What all kernels share: the problem, the layout of one model, and that of a block of its rows.

constexpr int BLOCK = 56;  // rows, a multiple of 8 and of tiles; a modality's share fits the first cache

inline int padded(int n) { return (n + 7) / 8 * 8; }

enum Objective { LEAST_SQUARES, SOFTMAX, LOGISTIC, CORRELATION };
enum Operation { CONCATENATION, SUM, MEAN, GATED, ATTENTION };

#define INTEGERS trials, rows, modalities, subsets, width, depth, operation, outputs, objective, steps
struct Problem {
    int INTEGERS;
    const int32_t* dims;      // [modalities], D_k, the constant 1 included
    const int32_t* members;   // the subsets one after another
    const int32_t* sizes;     // [subsets]
    const float* const* inputs;    // per modality [trials, rows, D_k]
    const float* targets;          // [trials, outputs, rows]
    const float* scale;            // [trials, rows]: the factor on each row's loss
    float* const* encoders;        // per modality [trials, slots_k, width, D_k], then further layers,
                                   // then per subset the operation's own weights, if it has any
    float* const* heads;           // per subset [trials, outputs, features + 1]
    float learning_rate, encoder_radius, layer_radius, head_radius;
};

// One model's parameters, gradient and Adam moments, each one flat array:
// per member W_k^T [D_k, units]; from `first_layers` on, per member its further layers, transposed,
// [units, units] each; from `own` on the operation's own weights, transposed: per member Q_k^T [D_M, units]
// of gates, or P^T [units, units] of attention; from `head` on V^T [features + 1, classes]. `count` numbers
// with what fills the last wide register; `turned` of them, behind the first layers, are wanted as they are.
struct Model {
    float *value, *gradient, *first, *second;
    long count, first_layers, own, head, head_count, turned;
};

// What a pass needs besides. head, head_gradient: [classes, features]; turned: further layers, and P, as
// they are; the others for a block of rows: z every layer of every encoder; fused the feature of an
// operation; mixed its gates or keys, and behind them the gradient in the feature; own_back the gradient in
// what its own weights make; weights and gains those of attention.
struct Scratch {
    float *z, *back, *scores, *head, *head_gradient, *turned, *eight, *targets, *scale;
    float *fused, *mixed, *own_back, *weights, *gains;
};

// A block of rows of one model, [rows, units] each of its shares of the buffers.
struct Pass {
    const Problem& q;
    const int32_t* members;
    int size;
    long trial;
    Model& m;
    Scratch& w;
    int start, rows, units;

    long share() const { return static_cast<long>(BLOCK) * units; }
    int dim(int i) const { return q.dims[members[i]]; }
    const float* inputs(int i) const { return q.inputs[members[i]] + (trial * q.rows + start) * dim(i); }
    long apart() const { return (q.depth ? q.depth : 1) * share(); }  // of two tokens
    float* layer(int i, int l) const { return w.z + i * apart() + l * share(); }
    float* token(int i) const { return layer(i, q.depth ? q.depth - 1 : 0); }
    long further(int i, int l) const {  // the place of layer l > 0 of member i in the model
        return m.first_layers + (i * (q.depth - 1L) + l - 1) * units * units;
    }
    float* mixed(int i) const { return w.mixed + i * share(); }
    float* slope() const { return mixed(size); }
    float* weights(int k, int l) const { return w.weights + (k * (size + 1L) + l) * BLOCK; }
};

// How many features of `width` the head sees side by side.
inline int in_head(const Problem& q, int size) { return q.operation == CONCATENATION ? size : 1; }

// Whether there is anything to fuse: a lone token is its sum, its mean, and all that it attends to.
inline bool fuses(const Problem& q, int size) {
    return q.operation != CONCATENATION && (size > 1 || q.operation == GATED);
}

// Between the layout of a stack and that of one model.

// An operation's own weights of one model: `blocks` of [width, columns] one after another.
struct Own {
    long blocks, columns, padded_columns;
};

Own own_weights(const Problem& q, const int32_t* members, int size) {
    long inputs = 0;
    for (int i = 0; i < size; ++i) inputs += q.dims[members[i]];
    switch (q.operation) {
        case GATED: return {size, inputs, inputs};
        case ATTENTION: return {1, q.width, padded(q.width)};
        default: return {0, 0, 0};
    }
}

// Move a model's weights between the stack's layout and the padded one used here.
void exchange(const Problem& q, int subset, const int32_t* members, int trial, Model& m, bool in) {
    const int units = padded(q.width), classes = padded(q.outputs), size = q.sizes[subset];
    const int layers = q.depth ? q.depth : 1;
    const auto move = [in](float& here, float& there) { in ? here = there : there = here; };
    // Rows of `width` numbers in the model are columns of weights [width, columns] there.
    const auto move_layer = [&](long at, float* weights, long columns) {
        for (int u = 0; u < q.width; ++u)
            for (long d = 0; d < columns; ++d)
                move(m.value[at + d * units + u], weights[u * columns + d]);
    };
    long offset = 0;
    for (int i = 0; i < size; ++i) {
        const int k = members[i];
        int slot = 0, slots = 0;
        const int32_t* other = q.members;
        for (int s = 0; s < q.subsets; other += q.sizes[s], ++s)
            for (int j = 0; j < q.sizes[s]; ++j)
                if (other[j] == k) { ++slots; slot += s < subset; }
        for (int layer = 0; layer < layers; ++layer) {
            const int dim = layer ? q.width : q.dims[k];
            const long further = i * (layers - 1L) + layer - 1;
            move_layer(layer ? m.first_layers + further * units * units : offset,
                       q.encoders[k + layer * q.modalities] +
                           (static_cast<long>(trial) * slots + slot) * q.width * dim,
                       dim);
        }
        offset += static_cast<long>(q.dims[k]) * units;
    }
    const Own own = own_weights(q, members, size);
    for (int i = 0; i < own.blocks; ++i)
        move_layer(m.own + i * own.padded_columns * units,
                   q.encoders[q.modalities * layers + subset] +
                       (static_cast<long>(trial) * own.blocks + i) * q.width * own.columns,
                   own.columns);
    const long inputs = static_cast<long>(in_head(q, size)) * q.width + 1;
    float* head = q.heads[subset] + static_cast<long>(trial) * q.outputs * inputs;
    for (int c = 0; c < q.outputs; ++c)
        for (long j = 0; j < inputs; ++j) {
            const bool constant = j + 1 == inputs;
            const long row = constant ? static_cast<long>(in_head(q, size)) * units
                                      : j / q.width * units + j % q.width;
            move(m.value[m.head + row * classes + c], head[c * inputs + j]);
        }
}

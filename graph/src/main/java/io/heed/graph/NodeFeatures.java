package io.heed.graph;

import io.heed.kernels.Csr;

/** Features of the nodes of a graph, dense or sparse. */
public sealed interface NodeFeatures {
    /** Number of nodes. */
    int nodes();

    /** F, features a node. */
    int width();

    /**
     * A value for every feature.
     *
     * @param values (N, F), row by row
     */
    record Dense(float[] values, int nodes, int width) implements NodeFeatures {
        /** @throws IllegalArgumentException when the values are not N x F */
        public Dense {
            if (values.length != (long) nodes * width) {
                throw new IllegalArgumentException("features hold " + values.length + " values, must be " + nodes
                        + " nodes x " + width);
            }
        }
    }

    /**
     * A few non-zero values a node, as a bag of words.
     *
     * @param entries row i lists the features of node i
     * @param values  one a stored entry, by its edge number in {@code entries}; null when all are 1
     */
    record Sparse(Csr entries, float[] values) implements NodeFeatures {
        /** @throws IllegalArgumentException when there is not one value an entry */
        public Sparse {
            if (values != null && values.length != entries.edges()) {
                throw new IllegalArgumentException("features hold " + values.length + " values for " + entries.edges()
                        + " entries");
            }
        }

        @Override
        public int nodes() {
            return entries.rows();
        }

        @Override
        public int width() {
            return entries.columns();
        }

        /** Every node's values divided by their sum; a node without features keeps none. */
        public Sparse normalised() {
            float[] shares = new float[entries.edges()];
            for (int node = 0; node < nodes(); node++) {
                float sum = 0;
                for (int slot = entries.first(node); slot < entries.first(node + 1); slot++) {
                    sum += values == null ? 1 : values[entries.edge(slot)];
                }
                for (int slot = entries.first(node); slot < entries.first(node + 1); slot++) {
                    int e = entries.edge(slot);
                    shares[e] = (values == null ? 1 : values[e]) / (sum == 0 ? 1 : sum);
                }
            }
            return new Sparse(entries, shares);
        }
    }

    /** One number a node, for an embedding: an atom, a tag, a degree. */
    record Categories(int[] values, int width) implements NodeFeatures {
        /** @throws IllegalArgumentException when a value is not in [0, width) */
        public Categories {
            for (int i = 0; i < values.length; i++) {
                if (values[i] < 0 || values[i] >= width) {
                    throw new IllegalArgumentException("node " + i + " has category " + values[i] + ", must be 0 to "
                            + (width - 1));
                }
            }
        }

        @Override
        public int nodes() {
            return values.length;
        }
    }

    /** The features of some nodes, in this order. */
    default NodeFeatures select(int[] nodes) {
        return switch (this) {
            case Dense dense -> {
                float[] picked = new float[nodes.length * dense.width];
                for (int i = 0; i < nodes.length; i++) {
                    System.arraycopy(dense.values, nodes[i] * dense.width, picked, i * dense.width, dense.width);
                }
                yield new Dense(picked, nodes.length, dense.width);
            }
            case Sparse(Csr entries, float[] values) -> {
                int count = 0;
                for (int node : nodes) {
                    count += entries.degree(node);
                }
                int[] feature = new int[count];
                int[] row = new int[count];
                float[] picked = values == null ? null : new float[count];
                int next = 0;
                for (int i = 0; i < nodes.length; i++) {
                    for (int slot = entries.first(nodes[i]); slot < entries.first(nodes[i] + 1); slot++) {
                        feature[next] = entries.column(slot);
                        row[next] = i;
                        if (values != null) {
                            picked[next] = values[entries.edge(slot)];
                        }
                        next++;
                    }
                }
                yield new Sparse(Csr.of(nodes.length, entries.columns(), feature, row), picked);
            }
            case Categories(int[] values, int width) -> {
                int[] picked = new int[nodes.length];
                for (int i = 0; i < nodes.length; i++) {
                    picked[i] = values[nodes[i]];
                }
                yield new Categories(picked, width);
            }
        };
    }
}

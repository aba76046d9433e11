package io.heed.sequence.dsf;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.DiagonalRecurrence;
import io.heed.nn.Form;
import io.heed.tensor.Ops;

/**
 * A linear time-varying system with diagonal A on one input sequence of L tokens: the paper's equation (2). It is for
 * looking at mixers and for comparing them; the mixers themselves never make these matrices.
 *
 * @param inputs      u, (L, m)
 * @param gates       the diagonals of A, (L, N)
 * @param writes      B, (L, N, m)
 * @param reads       C, (L, p, N)
 * @param feedthrough D, (L, p, m)
 */
public record LinearSystem(Tensor inputs, Tensor gates, Tensor writes, Tensor reads, Tensor feedthrough) {
    /** Rates that differ by no more than this at any token count as one. */
    private static final double SAME = 1e-6;

    /** A system with D = 0. */
    static LinearSystem of(Tensor inputs, Tensor gates, Tensor writes, Tensor reads) {
        Tensor none = torch.zeros(new long[] {reads.size(0), reads.size(1), inputs.size(1)}, reads.options());
        return new LinearSystem(inputs, gates, writes, reads, none);
    }

    /** Several systems on the same inputs whose outputs are laid side by side: heads. */
    static LinearSystem sideBySide(List<LinearSystem> systems) {
        LinearSystem first = systems.getFirst();
        TensorVector reads = new TensorVector();
        long before = 0;
        long states = systems.stream().mapToLong(LinearSystem::stateSize).sum();
        for (LinearSystem system : systems) {
            long[] shape = {system.reads.size(0), system.reads.size(1), 0};
            shape[2] = before;
            Tensor left = torch.zeros(shape, system.reads.options());
            shape[2] = states - before - system.stateSize();
            reads.push_back(Ops.cat(2, left, system.reads, torch.zeros(shape, system.reads.options())));
            before += system.stateSize();
        }
        return new LinearSystem(first.inputs, join(systems.stream().map(LinearSystem::gates).toList()),
                join(systems.stream().map(LinearSystem::writes).toList()), torch.cat(reads, 1),
                join(systems.stream().map(LinearSystem::feedthrough).toList()));
    }

    private static Tensor join(List<Tensor> parts) {
        return Ops.cat(1, parts.toArray(Tensor[]::new));
    }

    /** The same system with its outputs multiplied by {@code gate} (L, p), element by element. */
    LinearSystem gated(Tensor gate) {
        Tensor rows = gate.unsqueeze(-1);
        return new LinearSystem(inputs, gates, writes, reads.mul(rows), feedthrough.mul(rows));
    }

    /**
     * The same system with its outputs mapped by {@code weight} (p', p).
     *
     * @param bias (p'), or null; it goes into D's last column, so the last input must be the constant 1
     */
    LinearSystem through(Tensor weight, Tensor bias) {
        Tensor mapped = weight.matmul(feedthrough);
        if (bias != null) {
            Tensor column = bias.view(1, -1, 1).expand(mapped.size(0), mapped.size(1), 1);
            long last = mapped.size(2) - 1;
            mapped = Ops.cat(2, mapped.narrow(2, 0, last), mapped.narrow(2, last, 1).add(column));
        }
        return new LinearSystem(inputs, gates, writes, weight.matmul(reads), mapped);
    }

    /**
     * The same system driven by {@code inputs} (L, m'), whose image under {@code weight} (m, m') the system's inputs
     * are.
     */
    LinearSystem drivenBy(Tensor inputs, Tensor weight) {
        return new LinearSystem(inputs, gates, writes.matmul(weight), reads, feedthrough.matmul(weight));
    }

    /** u with the constant 1 as its last input, so that biases are part of the matrices: (L, m) to (L, m + 1). */
    static Tensor affine(Tensor inputs) {
        return Ops.cat(1, inputs, torch.ones(new long[] {inputs.size(0), 1}, inputs.options()));
    }

    /** [weight, bias] (m, m' + 1), the map of {@link #affine} inputs; a null bias is 0. */
    static Tensor affine(Tensor weight, Tensor bias) {
        Tensor column = bias == null ? torch.zeros(new long[] {weight.size(0), 1}, weight.options())
                : bias.unsqueeze(1);
        return Ops.cat(1, weight, column);
    }

    /** y, (L, p), through the states, token after token. */
    public Tensor simulate() {
        Tensor written = writes.matmul(inputs.unsqueeze(-1)).squeeze(-1); // (L, N)
        Tensor states = DiagonalRecurrence.states(gates.unsqueeze(0), written.unsqueeze(0), null, Form.REFERENCE)
                .squeeze(0);
        return reads.matmul(states.unsqueeze(-1)).add(feedthrough.matmul(inputs.unsqueeze(-1))).squeeze(-1);
    }

    /** The kernel form without states: (L, L, p, m), [i, j] = C_i (prod_{k=j+1..i} A_k) B_j for j <= i, else 0. */
    public Tensor kernel() {
        long length = gates.size(0);
        List<Tensor> rows = new ArrayList<>();
        Tensor kept = null; // (i + 1, N): what of the state written at j is left at i
        for (long i = 0; i < length; i++) {
            Tensor one = torch.ones_like(gates.narrow(0, i, 1));
            kept = kept == null ? one : Ops.cat(0, kept.mul(gates.narrow(0, i, 1)), one);
            // (i + 1, p, m)
            Tensor row = reads.narrow(0, i, 1).matmul(writes.narrow(0, 0, i + 1).mul(kept.unsqueeze(-1)));
            Tensor later = torch.zeros(new long[] {length - i - 1, row.size(1), row.size(2)}, row.options());
            rows.add(Ops.cat(0, row, later));
        }
        return Ops.stack(0, rows.toArray(Tensor[]::new));
    }

    /** y, (L, p), through the {@link #kernel}. */
    public Tensor convolve() {
        Tensor sums = Ops.einsum("ijpm,jm->ip", kernel(), inputs);
        return sums.add(feedthrough.matmul(inputs.unsqueeze(-1)).squeeze(-1));
    }

    /** N. */
    public long stateSize() {
        return gates.size(1);
    }

    /** How many of the N states forget at rates of their own: the distinct columns of the gates. */
    public int forgetRates() {
        double[] all = Ops.doubles(gates.t());
        int length = (int) gates.size(0);
        List<Integer> distinct = new ArrayList<>();
        for (int state = 0; state < stateSize(); state++) {
            int at = state * length;
            if (distinct.stream().noneMatch(other -> same(all, at, other, length))) {
                distinct.add(at);
            }
        }
        return distinct.size();
    }

    private static boolean same(double[] all, int one, int other, int length) {
        for (int i = 0; i < length; i++) {
            if (Math.abs(all[one + i] - all[other + i]) > SAME) {
                return false;
            }
        }
        return true;
    }
}

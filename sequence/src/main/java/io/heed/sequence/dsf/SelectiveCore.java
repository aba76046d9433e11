package io.heed.sequence.dsf;

import java.util.List;
import java.util.Optional;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.nn.Padding;
import io.heed.nn.Registration;
import io.heed.nn.SelectiveStateSpace;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.TensorState;
import io.heed.tensor.Ops;

/**
 * A selective state space on D channels of n states, without gates and output projection: S6, or SSD where all channels
 * and states share one rate and a token has one step size.
 *
 * <pre>
 *   dt, b, c = W_x u          Delta = softplus(W_dt dt + b_dt)   (S6)      softplus(dt + b_dt)   (SSD)
 *   y = scan(u, Delta, -exp(A_log), b, c) + D u
 * </pre>
 *
 * <p>Registers {@code A_log (D, n)} or {@code (1)}, {@code D (D)}, {@code x_proj.weight (r + 2n, D)},
 * {@code dt_proj.weight (D, r)}, {@code dt_proj.bias (D)} with its owner, and for SSD the constant {@code Id (D, n)} of
 * ones.
 */
final class SelectiveCore implements RecurrentCore {
    // step sizes at the start are log-uniform between these
    private static final double LEAST_STEP = 1e-3;
    private static final double MOST_STEP = 0.1;
    private static final double FLOOR = 1e-4;

    /** Whose rates are whose. */
    enum Rates { EVERY_STATE, ONE }

    private final long width;
    private final long states;
    private final long rank;
    private final Rates rates;
    private final Tensor logRates;
    private final Tensor ones;
    private final Tensor skip;
    private final LinearImpl projection;
    private final LinearImpl steps;

    /**
     * @param width  D
     * @param states n
     * @param rank   r, width of the step size's bottleneck; 1 for one rate
     */
    SelectiveCore(Module owner, long width, long states, long rank, Rates rates) {
        if (states < 1 || rank < 1) {
            throw new IllegalArgumentException("states " + states + " and rank " + rank + " must be at least 1");
        }
        this.width = width;
        this.states = states;
        this.rank = rank;
        this.rates = rates;
        if (rates == Rates.ONE) {
            logRates = Registration.parameter(owner, "A_log", torch.zeros(1));
            ones = Registration.buffer(owner, "Id", torch.ones(width, states));
        } else {
            Tensor rows = torch.arange(new Scalar(1), new Scalar(states + 1.0)).log().expand(width, states);
            logRates = Registration.parameter(owner, "A_log", rows.contiguous());
            ones = null;
        }
        skip = Registration.parameter(owner, "D", torch.ones(width));
        projection = owner.register_module("x_proj", Initialisation.linear(width, rank + 2 * states, false));
        steps = owner.register_module("dt_proj", new LinearImpl(rank, width));
        initialiseSteps();
    }

    /** ceil(D / 16), the usual rank of S6. */
    static long standardRank(long width) {
        return (width + 15) / 16;
    }

    private void initialiseSteps() {
        try (NoGradGuard _ = new NoGradGuard()) {
            double bound = 1 / Math.sqrt(rank);
            steps.weight().uniform_(-bound, bound, null);
            Tensor uniform = torch.rand(width).mul(new Scalar(Math.log(MOST_STEP / LEAST_STEP)));
            Tensor size = uniform.add(new Scalar(Math.log(LEAST_STEP))).exp().clamp_min(new Scalar(FLOOR));
            steps.bias().copy_(size.add(size.neg().expm1().neg().log())); // the inverse of softplus
        }
    }

    private SelectiveStateSpace.Input input(Tensor u, Optional<Padding> padding) {
        Tensor projected = projection.forward(u);
        Tensor step = projected.narrow(-1, 0, rank);
        Tensor raw = rates == Rates.ONE ? step.add(steps.bias()).add(unused()) : steps.forward(step);
        Tensor delta = torch.softplus(raw); // (B, N, D)
        Tensor seen = padding.map(p -> Ops.fill(delta, p.mask().unsqueeze(-1), 0)).orElse(delta);
        return new SelectiveStateSpace.Input(u, seen, rates(), projected.narrow(-1, rank, states),
                projected.narrow(-1, rank + states, states));
    }

    /** a, (D, n) or (D, 1). */
    private Tensor rates() {
        Tensor log = rates == Rates.ONE ? logRates.mul(ones.narrow(1, 0, 1)) : logRates;
        return log.exp().neg();
    }

    /** SSD has a weight for its step sizes that takes no part: 0 of it, so that its gradient is 0 and not missing. */
    private Tensor unused() {
        return steps.weight().select(1, 0).mul(new Scalar(0));
    }

    @Override
    public Tensor forward(Tensor u, MixerContext context) {
        return SelectiveStateSpace.outputs(input(u, context.padding()), context.form()).add(u.mul(skip));
    }

    /** One tensor, (B, D, n). */
    @Override
    public MixerState state(long batch) {
        return new TensorState(batch,
                () -> List.of(torch.zeros(new long[] {batch, width, states}, skip.detach().options())));
    }

    @Override
    public Tensor extend(Tensor u, MixerState state) {
        TensorState held = (TensorState) state;
        SelectiveStateSpace.Result result =
                SelectiveStateSpace.withState(input(u, Optional.empty()), held.get(0), Form.AUTO);
        held.set(0, result.last());
        held.advance(u.size(1));
        return result.y().add(u.mul(skip));
    }

    @Override
    public LinearSystem system(Tensor u) {
        SelectiveStateSpace.Input in = input(u.unsqueeze(0), Optional.empty());
        Tensor delta = in.delta().squeeze(0);
        Tensor identity = torch.eye(width, u.options());
        Tensor gates = delta.unsqueeze(-1).mul(in.a()).exp().expand(u.size(0), width, states).flatten(1, 2);
        Tensor writes = Ops.einsum("cd,lc,ls->lcsd", identity, delta, in.b().squeeze(0)).flatten(1, 2);
        Tensor reads = Ops.einsum("cd,ls->lcds", identity, in.c().squeeze(0)).flatten(2, 3);
        return new LinearSystem(u, gates, writes, reads, torch.diag(skip).expand(u.size(0), width, width));
    }
}

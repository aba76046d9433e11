package io.heed.sequence.zoology;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.Form;
import io.heed.nn.Initialisation;
import io.heed.sequence.MixerContext;
import io.heed.sequence.MixerState;
import io.heed.sequence.Pattern;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;

/**
 * Attention at the positions where something can be recalled, as an oracle tells: those whose token already stands
 * earlier in the sequence. Programmatic selection, to which the learned one is compared.
 *
 * <pre>
 *   y_t = attention(x)_t W + x_t   where token t = token j for some j &lt; t,    x_t elsewhere
 * </pre>
 *
 * <p>It must be told the tokens, as {@link ZoologyModel} does, so it stands in no list of mixers, and it does not
 * decode. Parameters {@code Wqkv.* (3D, D)}, {@code out_proj.* (D, D)}.
 */
final class OracleLookups extends SequenceMixer {
    private final LookupAttention attention;

    OracleLookups(long width, int heads, int layers) {
        super("OracleLookups");
        if (heads < 1 || width % heads != 0) {
            throw new IllegalArgumentException("width " + width + " is not a multiple of " + heads + " heads");
        }
        attention = new LookupAttention(heads, register_module("Wqkv", Initialisation.linear(width, 3 * width, true)),
                register_module("out_proj", Initialisation.residual(width, width, true, layers)));
    }

    /** Tokens (B, N) and what is known of them (B, N, D) to (B, N, D). */
    Tensor forward(Tensor x, Tensor tokens, MixerContext context) {
        int[][] positions = repeats(tokens);
        Tensor ones = x.detach().new_ones(x.size(0), x.size(1), 1);
        return context.form() == Form.REFERENCE ? attention.masked(x, ones, positions, context)
                : attention.added(x, ones, positions, context.padding());
    }

    @Override
    public Set<Pattern> patterns() {
        return Set.of(Pattern.CAUSAL_SELF);
    }

    @Override
    public boolean carriesOrder() {
        return false;
    }

    @Override
    public Tensor forward(Tensor x, MixerContext context) {
        throw untold();
    }

    @Override
    public MixerState state(long batch) {
        throw untold();
    }

    @Override
    public Tensor step(Tensor x, MixerState state) {
        throw untold();
    }

    private static UnsupportedOperationException untold() {
        return new UnsupportedOperationException("oracle lookups must be told the tokens of whole sequences: use them"
                + " in a ZoologyModel, without decoding");
    }

    /** Positions whose token stands earlier in its sequence. */
    static int[][] repeats(Tensor tokens) {
        long[] all = Ops.longs(tokens);
        int length = (int) tokens.size(1);
        int[][] positions = new int[(int) tokens.size(0)][];
        for (int b = 0; b < positions.length; b++) {
            Set<Long> seen = new HashSet<>();
            int from = b * length;
            positions[b] = IntStream.range(0, length).filter(t -> !seen.add(all[from + t])).toArray();
        }
        return positions;
    }
}

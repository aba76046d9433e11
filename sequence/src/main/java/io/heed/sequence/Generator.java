package io.heed.sequence;

import java.util.SplittableRandom;
import java.util.function.IntPredicate;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * Lets a language model write, one token at a time. Apart from the model's state, memory does not grow with what is
 * written.
 *
 * @param model    what writes
 * @param sampling how it chooses
 */
public record Generator(LanguageModel model, Sampling sampling) {
    private static final int PROMPT_CHUNK = 512;

    /**
     * Reads {@code prompt} and writes up to {@code count} tokens. The model is put into evaluation mode meanwhile.
     *
     * @param sink takes each token as soon as it is chosen; {@code false} ends the writing
     * @return tokens written
     * @throws IllegalArgumentException      when the prompt is empty or has a token that the model does not know
     * @throws UnsupportedOperationException when a mixer of the model is not causal
     */
    public int write(int[] prompt, int count, IntPredicate sink) {
        check(prompt);
        boolean training = model.is_training();
        model.eval();
        try (NoGradGuard _ = new NoGradGuard(); BackboneState state = model.state(1)) {
            SplittableRandom random = Seeds.random(sampling.seed(), "sampling", 0);
            float[] logits = read(prompt, state);
            for (int written = 0; written < count; written++) {
                int token = sampling.choose(logits, random);
                if (!sink.test(token) || written + 1 == count) {
                    return written + 1;
                }
                try (PointerScope _ = new PointerScope()) {
                    logits = Ops.floats(model.step(Ops.of(new long[] {token}), state));
                }
            }
            return 0;
        } finally {
            model.train(training);
        }
    }

    /** Reads the prompt in chunks; logits of the token after it. */
    private float[] read(int[] prompt, BackboneState state) {
        float[] logits = null;
        for (int from = 0; from < prompt.length; from += PROMPT_CHUNK) {
            long[] chunk = new long[Math.min(PROMPT_CHUNK, prompt.length - from)];
            for (int i = 0; i < chunk.length; i++) {
                chunk[i] = prompt[from + i];
            }
            try (PointerScope _ = new PointerScope()) {
                Tensor tokens = Ops.of(chunk, 1, chunk.length);
                logits = Ops.floats(model.prefill(tokens, state));
            }
        }
        return logits;
    }

    private void check(int[] prompt) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("the prompt is empty: it needs at least one token");
        }
        int vocabulary = model.config().vocabulary();
        for (int token : prompt) {
            if (token < 0 || token >= vocabulary) {
                throw new IllegalArgumentException("token " + token + " of the prompt is not one of the model's "
                        + vocabulary);
            }
        }
    }
}

package io.heed.sequence.based;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

import io.heed.sequence.BackboneConfig;
import io.heed.sequence.BackboneState;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

/**
 * Tokens a second of decoding after contexts of some length: BASED's hybrid stack and softmax attention with its cache.
 */
final class DecodeSpeed {
    private static final int VOCABULARY = 256;
    private static final int WIDTH = 256;
    private static final int LAYERS = 4;
    private static final int CHUNK = 1024;
    private static final int WARM_UP = 16;

    /** Tokens/s of all sequences together. */
    record Row(int batch, int context, double based, double softmax) {
        double ratio() {
            return based / softmax;
        }
    }

    private DecodeSpeed() { }

    static List<Row> measure(int batch, int[] contexts, int tokens) {
        List<Row> rows = new ArrayList<>();
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(0, "weights", 0);
            LanguageModel based = model("based");
            LanguageModel softmax = model("softmax");
            try (BackboneState basedState = based.state(batch); BackboneState softmaxState = softmax.state(batch)) {
                for (int context : contexts) {
                    read(based, basedState, batch, context);
                    read(softmax, softmaxState, batch, context);
                    double[] speeds = speeds(based, basedState, softmax, softmaxState, batch, tokens);
                    rows.add(new Row(batch, context, speeds[0], speeds[1]));
                }
            }
        }
        return rows;
    }

    private static LanguageModel model(String mixer) {
        LanguageModel model = new LanguageModel(new LanguageModelConfig(VOCABULARY, true,
                BackboneConfig.of(mixer, WIDTH, LAYERS, CHUNK)));
        model.eval();
        return model;
    }

    /** Goes on reading until {@code context} tokens are seen. */
    private static void read(LanguageModel model, BackboneState state, int batch, int context) {
        while (state.position() < context) {
            try (PointerScope _ = new PointerScope()) {
                long rows = Math.min(CHUNK, context - state.position());
                long[] tokens = new long[Math.toIntExact(batch * rows)];
                for (int i = 0; i < tokens.length; i++) {
                    tokens[i] = (i * 31L + i / 7) % VOCABULARY;
                }
                model.prefill(Ops.of(tokens, batch, rows), state);
            }
        }
    }

    /** Both models in turns, a few tokens each, so that a slow moment of the machine hits both. */
    private static double[] speeds(LanguageModel based, BackboneState basedState, LanguageModel softmax,
                                   BackboneState softmaxState, int batch, int tokens) {
        decode(based, basedState, batch, WARM_UP);
        decode(softmax, softmaxState, batch, WARM_UP);
        double[] best = {0, 0};
        int part = Math.max(1, tokens / 8);
        for (int round = 0; round < 8; round++) {
            best[0] = Math.max(best[0], batch * part / decode(based, basedState, batch, part));
            best[1] = Math.max(best[1], batch * part / decode(softmax, softmaxState, batch, part));
        }
        return best;
    }

    private static double decode(LanguageModel model, BackboneState state, int batch, int tokens) {
        long begin = System.nanoTime();
        for (int i = 0; i < tokens; i++) {
            try (PointerScope _ = new PointerScope()) {
                Tensor logits = model.step(Ops.of(new long[batch], batch), state);
                logits.sum().item_double();
            }
        }
        return (System.nanoTime() - begin) / 1e9;
    }
}

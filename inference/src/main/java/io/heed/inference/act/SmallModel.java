package io.heed.inference.act;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

import io.heed.inference.model.CausalModel;
import io.heed.inference.model.ReferenceModel;
import io.heed.tensor.Ops;
import io.heed.tensor.Safetensors;

/** Trains a small Llama on the back-copy task, and hands it over as any model of a HuggingFace folder. */
final class SmallModel {
    private static final int WIDTH = 64;
    private static final int HIDDEN = 128;
    private static final int HEADS = 4;
    private static final int LAYERS = 3;
    private static final int BATCH = 32;
    private static final double RATE = 2e-3;

    private SmallModel() { }

    /**
     * Trains.
     *
     * @param progress told after each step
     */
    static CausalModel train(BackCopyTask task, int steps, long seed, Runnable progress) {
        try {
            Path folder = Files.createTempDirectory("heed-act");
            try {
                Files.writeString(folder.resolve("config.json"), """
                        {"model_type": "llama", "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d,
                         "num_hidden_layers": %d, "num_attention_heads": %d, "max_position_embeddings": 128}
                        """.formatted(BackCopyTask.VOCABULARY, WIDTH, HIDDEN, LAYERS, HEADS));
                torch.manual_seed(seed);
                Path file = folder.resolve("model.safetensors");
                try (PointerScope _ = new PointerScope()) {
                    Safetensors.write(file, fresh(), Map.of());
                }
                try (PointerScope _ = new PointerScope()) {
                    ReferenceModel model = ReferenceModel.of(CausalModel.open(folder));
                    optimise(model, task, steps, seed, progress);
                    Safetensors.write(file, model.weights(), Map.of());
                }
                return CausalModel.open(folder);
            } finally {
                try (Stream<Path> files = Files.walk(folder)) {
                    files.sorted(Comparator.reverseOrder()).forEach(one -> one.toFile().delete());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void optimise(ReferenceModel model, BackCopyTask task, int steps, long seed, Runnable progress) {
        SplittableRandom random = new SplittableRandom(seed);
        Adam optimiser = new Adam(model.parameters(), new AdamOptions(RATE));
        for (int step = 0; step < steps; step++) {
            try (PointerScope _ = new PointerScope()) {
                long[] ids = new long[BATCH * BackCopyTask.LENGTH];
                for (int b = 0; b < BATCH; b++) {
                    int[] tokens = task.sequence(random);
                    for (int i = 0; i < tokens.length; i++) {
                        ids[b * tokens.length + i] = tokens[i];
                    }
                }
                optimiser.zero_grad();
                model.loss(Ops.of(ids, BATCH, BackCopyTask.LENGTH)).backward();
                optimiser.step();
            }
            progress.run();
        }
    }

    private static Map<String, Tensor> fresh() {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        weights.put("model.embed_tokens.weight", matrix(BackCopyTask.VOCABULARY, WIDTH, 0.5));
        for (int i = 0; i < LAYERS; i++) {
            String at = "model.layers." + i + ".";
            weights.put(at + "input_layernorm.weight", torch.ones(WIDTH));
            for (String name : new String[] {"q", "k", "v", "o"}) {
                weights.put(at + "self_attn." + name + "_proj.weight", matrix(WIDTH, WIDTH, 1 / Math.sqrt(WIDTH)));
            }
            weights.put(at + "post_attention_layernorm.weight", torch.ones(WIDTH));
            weights.put(at + "mlp.gate_proj.weight", matrix(HIDDEN, WIDTH, 1 / Math.sqrt(WIDTH)));
            weights.put(at + "mlp.up_proj.weight", matrix(HIDDEN, WIDTH, 1 / Math.sqrt(WIDTH)));
            weights.put(at + "mlp.down_proj.weight", matrix(WIDTH, HIDDEN, 1 / Math.sqrt(HIDDEN)));
        }
        weights.put("model.norm.weight", torch.ones(WIDTH));
        weights.put("lm_head.weight", matrix(BackCopyTask.VOCABULARY, WIDTH, 1 / Math.sqrt(WIDTH)));
        return weights;
    }

    private static Tensor matrix(long rows, long columns, double deviation) {
        return torch.randn(rows, columns).mul(new Scalar(deviation));
    }
}

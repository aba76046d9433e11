package io.heed.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;

import io.heed.kernels.AttentionSpec;
import io.heed.kernels.Mask;
import io.heed.nn.FusedAttention;

/**
 * Trains a small model with fused attention and reports how resident memory grows: {@code TrainingMemory [warm-up
 * steps] [steps]}. Run it with a fixed, touched Java heap, so that what grows is native:
 *
 * <pre>java -Xms256m -Xmx256m -XX:+AlwaysPreTouch -cp ... io.heed.tensor.TrainingMemory 2000 20000</pre>
 *
 * <p>Every fifth step drops a second graph without a backward pass, and every seventh runs backward twice.
 */
public final class TrainingMemory {
    private static final int VOCABULARY = 64;
    private static final int WIDTH = 16;
    private static final int HEADS = 2;
    private static final int LAYERS = 2;
    private static final int BATCH = 2;
    private static final int LENGTH = 16;

    private TrainingMemory() { }

    private static final class Model extends Module {
        private final EmbeddingImpl embedding = register_module("embedding", new EmbeddingImpl(VOCABULARY, WIDTH));
        private final LinearImpl[] packed = new LinearImpl[LAYERS];
        private final LinearImpl[] out = new LinearImpl[LAYERS];
        private final LinearImpl head = register_module("head", new LinearImpl(WIDTH, VOCABULARY));

        Model() {
            for (int i = 0; i < LAYERS; i++) {
                packed[i] = register_module("packed" + i, new LinearImpl(WIDTH, 3 * WIDTH));
                out[i] = register_module("out" + i, new LinearImpl(WIDTH, WIDTH));
            }
        }

        Tensor loss(Tensor ids) {
            Tensor x = embedding.forward(Ops.slice(ids, 1, 0, LENGTH));
            AttentionSpec spec = AttentionSpec.softmax().withMask(Mask.causal());
            for (int i = 0; i < LAYERS; i++) {
                Tensor qkv = packed[i].forward(x).view(BATCH, LENGTH, 3, HEADS, WIDTH / HEADS);
                Tensor attended = FusedAttention.apply(qkv.select(2, 0).transpose(1, 2), qkv.select(2, 1).transpose(1,
                        2),
                        qkv.select(2, 2).transpose(1, 2), spec);
                x = x.add(out[i].forward(attended.transpose(1, 2).reshape(BATCH, LENGTH, WIDTH)));
            }
            Tensor logits = head.forward(x).view(-1, VOCABULARY);
            return torch.cross_entropy_loss(logits, Ops.slice(ids, 1, 1, LENGTH + 1).reshape(-1));
        }
    }

    public static void main(String[] args) throws IOException {
        int warmUp = args.length > 0 ? Integer.parseInt(args[0]) : 2000;
        int steps = args.length > 1 ? Integer.parseInt(args[1]) : 20_000;
        torch.manual_seed(1);
        Model model = new Model();
        AdamWOptions options = new AdamWOptions(1e-3);
        AdamW optimiser = new AdamW(model.parameters(), options);
        float first = train(model, optimiser, 0);
        float last = first;
        long before = 0;
        long began = 0;
        for (int step = 1; step < warmUp + steps; step++) {
            if (step == warmUp) {
                before = residentBytes();
                began = System.nanoTime();
            }
            last = train(model, optimiser, step);
            if (step % 5000 == 0) {
                System.err.printf(Locale.ROOT, "step %d: %.1f MB%n", step, residentBytes() / 1e6);
            }
        }
        long after = residentBytes();
        System.out.printf(Locale.ROOT, "{\"steps\": %d, \"resident_mb\": %.2f, \"growth_mb\": %.2f, \"nodes\": %d,"
                + " \"live\": %d, \"first_loss\": %.4f, \"last_loss\": %.4f, \"seconds\": %.1f}%n", steps, after / 1e6,
                (after - before) / 1e6, GraphNode.created(), GraphNode.live(), first, last,
                (System.nanoTime() - began) / 1e9);
    }

    private static float train(Model model, AdamW optimiser, int step) {
        try (PointerScope _ = new PointerScope()) {
            // every next id is the one before plus one, which the model can learn
            Tensor ids = torch.arange(new Scalar(LENGTH + 1), Ops.options(torch.ScalarType.Long))
                    .add(Ops.of(new long[] {step % VOCABULARY, step * 7L % VOCABULARY}, BATCH, 1))
                    .remainder(new Scalar(VOCABULARY));
            if (step % 5 == 0) {
                model.loss(ids);
            }
            Tensor loss = model.loss(ids);
            optimiser.zero_grad();
            if (step % 7 == 0) {
                loss.backward(new Tensor(), new BoolOptional(true), false,
                        new TensorArrayRefOptional());
            }
            loss.backward();
            optimiser.step();
            return loss.item_float();
        }
    }

    /** Memory of this process that is in RAM, from Linux's accounts. */
    static long residentBytes() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc/self/status"));
        String line = lines.stream().filter(text -> text.startsWith("VmRSS:")).findFirst().orElseThrow();
        return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
    }
}

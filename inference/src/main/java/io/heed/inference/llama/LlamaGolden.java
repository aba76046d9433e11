package io.heed.inference.llama;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenSubject;
import io.heed.inference.cache.CacheManager;
import io.heed.inference.cache.SequenceCache;
import io.heed.inference.model.CausalModel;
import io.heed.inference.model.Decoder;
import io.heed.inference.model.ReferenceModel;
import io.heed.inference.text.TextTokenizer;
import io.heed.tensor.Ops;

/**
 * Builds what the {@code llama} golden cases check; the model is the folder of the file that a case's {@code weights}
 * names, looked for from the case's own folder upwards.
 */
public final class LlamaGolden {
    private static final long CACHE_BYTES = 256L << 20;

    private LlamaGolden() { }

    /** The golden modules by their names. */
    public static Map<String, GoldenModule> modules() {
        return Map.of("logits", LlamaGolden::logits, "attention-maps", LlamaGolden::maps, "greedy", LlamaGolden::greedy,
                "loss", LlamaGolden::loss, "tokenizer", LlamaGolden::tokenizer);
    }

    private static Path folder(GoldenCase golden) {
        String weights = golden.config().path("weights").asText();
        for (Path at = golden.path().toAbsolutePath().getParent(); at != null; at = at.getParent()) {
            if (Files.exists(at.resolve(weights))) {
                return at.resolve(weights).getParent();
            }
        }
        throw new IllegalArgumentException(golden.path() + ": the weights '" + weights + "' are in no folder above it");
    }

    /** By the kernels: ids to logits, hidden_first, hidden_last. */
    private static GoldenSubject logits(GoldenCase golden) throws IOException {
        CausalModel model = CausalModel.open(folder(golden));
        return GoldenSubject.of(in -> {
            Tensor ids = in.get("ids");
            int width = model.config().width();
            int rows = Math.toIntExact(ids.size(1));
            int batch = Math.toIntExact(ids.size(0));
            int[] tokens = ints(ids);
            float[] logits = new float[batch * rows * model.config().vocabulary()];
            float[] first = new float[batch * rows * width];
            float[] last = new float[first.length];
            for (int b = 0; b < batch; b++) {
                int at = b * rows * width;
                int[] prompt = Arrays.copyOfRange(tokens, b * rows, (b + 1) * rows);
                Decoder decoder = model.decoder(model.pool(CACHE_BYTES), model.dense());
                try (SequenceCache cache = cache(decoder, prompt, rows)) {
                    float[] stream = decoder.prefill(List.of(new Decoder.Chunk(cache, prompt, rows)), (layer, x, n) -> {
                        float[] into = layer == 0 ? first : last;
                        System.arraycopy(x, 0, into, at, n * width);
                    });
                    float[] row = decoder.logits(stream, 0, rows);
                    System.arraycopy(row, 0, logits, b * row.length, row.length);
                }
            }
            return Map.of("logits", Ops.of(logits, batch, rows, model.config().vocabulary()),
                    "hidden_first", Ops.of(first, batch, rows, width), "hidden_last", Ops.of(last, batch, rows, width));
        });
    }

    private static SequenceCache cache(Decoder decoder, int[] prompt, int length) {
        return new CacheManager(decoder.pool()).admit(prompt, length, false).orElseThrow();
    }

    /** By libtorch: ids to logits, hidden_first, hidden_last and the maps (B, layer, head, N, N). */
    private static GoldenSubject maps(GoldenCase golden) throws IOException {
        ReferenceModel model = ReferenceModel.of(CausalModel.open(folder(golden)));
        return new GoldenSubject(model, in -> {
            ReferenceModel.Output output = model.forward(in.get("ids"));
            return Map.of("logits", output.logits(), "hidden_first", output.streams().getFirst(),
                    "hidden_last", output.streams().getLast(),
                    "attention", Ops.stack(1, output.attention().toArray(Tensor[]::new)));
        });
    }

    /** Greedy continuations with a cache: promptN to idsN. */
    private static GoldenSubject greedy(GoldenCase golden) throws IOException {
        CausalModel model = CausalModel.open(folder(golden));
        int count = golden.config().path("new_tokens").asInt();
        return GoldenSubject.of(in -> {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            in.forEach((name, prompt) -> outputs.put(name.replace("prompt", "ids"),
                    Ops.of(continued(model, ints(prompt), count))));
            return outputs;
        });
    }

    private static long[] continued(CausalModel model, int[] prompt, int count) {
        Decoder decoder = model.decoder(model.pool(CACHE_BYTES), model.dense());
        long[] ids = Arrays.copyOf(Arrays.stream(prompt).asLongStream().toArray(), prompt.length + count);
        try (SequenceCache cache = cache(decoder, prompt, ids.length)) {
            float[] stream = decoder.prefill(List.of(new Decoder.Chunk(cache, prompt, prompt.length)), null);
            int row = prompt.length - 1;
            for (int i = prompt.length; i < ids.length; i++) {
                int next = largest(decoder.logits(stream, row, 1));
                ids[i] = next;
                stream = decoder.decode(List.of(cache), new int[] {next});
                row = 0;
            }
        }
        return ids;
    }

    private static int largest(float[] logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }

    /** By libtorch: ids to the next-token loss and the norms of all gradients, by sorted names. */
    private static GoldenSubject loss(GoldenCase golden) throws IOException {
        ReferenceModel model = ReferenceModel.of(CausalModel.open(folder(golden)));
        return new GoldenSubject(model, in -> {
            model.loss(in.get("ids")).backward();
            Map<String, Tensor> sorted = new TreeMap<>(model.weights());
            List<Tensor> norms = sorted.values().stream().map(weight -> weight.grad().norm().clone()).toList();
            sorted.values().forEach(weight -> weight.grad().zero_());
            return Map.of("loss", model.loss(in.get("ids")), "grad_norms", Ops.stack(0, norms.toArray(Tensor[]::new)));
        });
    }

    /** The texts of the configuration to idsN. */
    private static GoldenSubject tokenizer(GoldenCase golden) throws IOException {
        TextTokenizer tokenizer = TextTokenizer.open(folder(golden));
        JsonNode texts = golden.config().path("texts");
        boolean bos = golden.config().path("bos").asBoolean(true);
        return GoldenSubject.of(_ -> {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            for (int i = 0; i < texts.size(); i++) {
                int[] ids = tokenizer.encode(texts.get(i).asText(), bos);
                outputs.put("ids" + i, Ops.of(Arrays.stream(ids).asLongStream().toArray()));
            }
            return outputs;
        });
    }

    private static int[] ints(Tensor ids) {
        return Arrays.stream(Ops.longs(ids)).mapToInt(Math::toIntExact).toArray();
    }
}

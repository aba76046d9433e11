package io.heed.sequence.zoology;

import java.util.HashMap;
import java.util.Map;

import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.Catalog;
import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenSubject;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.data.Mqar;
import io.heed.tensor.Ops;

/** What the catalogue knows of Zoology: so far its recall task. */
public final class ZoologySystem implements SystemEntry {
    @Override
    public SystemCard card() {
        return Catalog.card("zoology");
    }

    @Override
    public boolean isComplete() {
        return false;
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return Map.of("mqar", ZoologySystem::mqar);
    }

    /** The generator's deterministic core: given keys, values and gaps it places symbols and labels. */
    private static GoldenSubject mqar(GoldenCase golden) {
        if (golden.config().path("random_non_queries").asBoolean(false)) {
            throw new IllegalArgumentException("random filler follows numpy's random stream, which is not reproduced:"
                    + " set random_non_queries to false");
        }
        int length = golden.config().path("input_seq_len").asInt();
        int pairs = golden.config().path("num_kv_pairs").asInt();
        double power = golden.config().path("power_a").asDouble(0.01);
        return GoldenSubject.of(inputs -> {
            Map<String, Tensor> outputs = new HashMap<>(place(inputs, length));
            outputs.put("gap_probabilities", Ops.of(Mqar.gapProbabilities(length, pairs, power)));
            return outputs;
        });
    }

    private static Map<String, Tensor> place(Map<String, Tensor> inputs, int length) {
        int examples = (int) inputs.get("keys").size(0);
        long[] tokens = new long[examples * length];
        long[] labels = new long[examples * length];
        for (int e = 0; e < examples; e++) {
            Mqar.Example example = Mqar.place(row(inputs, "keys", e), row(inputs, "values", e), row(inputs, "gaps", e), length);
            System.arraycopy(example.inputs(), 0, tokens, e * length, length);
            System.arraycopy(example.labels(), 0, labels, e * length, length);
        }
        return Map.of("inputs", Ops.of(tokens, examples, length), "labels", Ops.of(labels, examples, length));
    }

    private static long[] row(Map<String, Tensor> inputs, String name, int example) {
        return Ops.longs(inputs.get(name).select(0, example));
    }
}

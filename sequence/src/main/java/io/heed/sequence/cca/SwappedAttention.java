package io.heed.sequence.cca;

import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.StringTensorDict;

import io.heed.sequence.BackboneConfig;
import io.heed.sequence.LanguageModel;
import io.heed.sequence.LanguageModelConfig;
import io.heed.sequence.MixerSpec;
import io.heed.sequence.StudyTraining;
import io.heed.tensor.Seeds;
import io.heed.train.Evaluation;
import io.heed.train.Task;

/**
 * A language model that learns with full attention and then goes on with another, all weights kept.
 *
 * @param task   what it learns
 * @param shape  vocabulary and backbone; the mixers are replaced
 * @param first  the mixer of the layers before the attention, or null for attention in every layer
 * @param length  the longest sequence: a window of it is full attention
 * @param learn  steps with full attention
 * @param goOn   steps after the swap
 */
record SwappedAttention(Task<LanguageModel> task, LanguageModelConfig shape, String first, int length, int learn,
        int goOn) {
    private static final double RATE = 3e-3;
    private static final double SLOWER = 1e-3;

    /** Learns with full attention, then evaluates after going on with each of the given options of cca-attention. */
    List<Evaluation> run(List<String> options, long seed) {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(seed, "weights", 0);
            LanguageModel full = model("window=" + length);
            StudyTraining.train(full, task, StudyTraining.config(learn, RATE, seed));
            return options.stream().map(option -> {
                try (PointerScope _ = new PointerScope()) {
                    LanguageModel swapped = model(option);
                    copy(full, swapped);
                    return StudyTraining.train(swapped, task, StudyTraining.config(goOn, SLOWER, seed + 1));
                }
            }).toList();
        }
    }

    private LanguageModel model(String options) {
        MixerSpec attention = MixerSpec.parse("cca-attention:" + options);
        List<MixerSpec> mixers = first == null ? List.of(attention) : List.of(MixerSpec.parse(first), attention);
        BackboneConfig backbone = shape.backbone().withMixers(mixers);
        return new LanguageModel(shape.withBackbone(backbone));
    }

    private static void copy(LanguageModel from, LanguageModel to) {
        try (NoGradGuard _ = new NoGradGuard()) {
            StringTensorDict source = from.named_parameters();
            StringTensorDict target = to.named_parameters();
            for (long i = 0; i < source.size(); i++) {
                target.values().get(i).copy_(source.values().get(i));
            }
        }
    }
}

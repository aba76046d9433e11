package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.heed.catalog.Catalog;
import io.heed.catalog.Claim;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.Study;
import io.heed.catalog.SystemCard;
import io.heed.catalog.SystemEntry;
import io.heed.nn.Form;
import io.heed.sequence.Cost;
import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerKind;
import io.heed.sequence.MixerOption;
import io.heed.sequence.MixerOptions;
import io.heed.sequence.MixerProvider;
import io.heed.sequence.Pattern;

/** What the catalogue knows of Titans. */
public final class TitansSystem implements SystemEntry, MixerProvider {
    private static final MixerOption CHUNK =
            new MixerOption("chunk", "16", "tokens whose gradients are taken at one memory");
    private static final List<MixerOption> MEMORY_OPTIONS = List.of(
            new MixerOption("depth", "1", "matrices of the memory"),
            new MixerOption("hidden", "0", "width within a deeper memory; 0 for the model's"),
            new MixerOption("step", "0", "largest step size; 0 for 2 over the tokens whose gradients are taken at one"
                    + " memory, so that equal keys do not overshoot"),
            new MixerOption("momentum", "true", "whether past surprise counts"),
            new MixerOption("forgetting", "true", "whether the memory forgets"));

    /** The memory alone. */
    public static final MixerKind MEMORY = new MixerKind("titans", List.of("neural-memory", "titans-lmm"),
            "Titans' long-term memory: a small network that learns while it reads", Set.of(Pattern.CAUSAL_SELF),
            with(MEMORY_OPTIONS, CHUNK,
                    new MixerOption("conv", "4", "taps of the convolutions on q, k and v; 0 for none")),
            config -> new MemoryLayer(memory(config, "chunk", 16, MixerOptions.of(config).integer("conv", 4)), 1e-6,
            config.layers()))
            .withCost(Cost.LINEAR);

    /** Memory as context. */
    public static final MixerKind CONTEXT = block("titans-mac",
            "Titans, memory as context: attention over segments reads it and"
            + " teaches it", TitansBlock.Use.CONTEXT,
            new MixerOption("segment", "32", "tokens of a segment, whose gradients"
            + " are taken at one memory"));

    /** Memory as gate. */
    public static final MixerKind GATE = block("titans-mag",
            "Titans, memory as gate: sliding-window attention gated by the"
            + " memory", TitansBlock.Use.GATE, CHUNK, new MixerOption("window", "32", "tokens that attention sees"));

    /** Memory as layer. */
    public static final MixerKind LAYER = block("titans-mal",
            "Titans, memory as layer: sliding-window attention over the"
            + " memory's output", TitansBlock.Use.LAYER, CHUNK,
            new MixerOption("window", "32", "tokens that attention sees"));

    static final List<Claim> CLAIMS = List.of(
            new Claim("long-context",
            "scales to contexts of more than 2M tokens with higher needle accuracy than baselines",
                    "abstract"),
            new Claim("memory",
            "beats Transformers and linear recurrent models on language, common sense, genomics and time"
                    + " series", "abstract"),
            new Claim("ablation", "momentum, forgetting and a deeper memory all help", "ablation"));

    private static List<MixerOption> with(List<MixerOption> options, MixerOption... more) {
        List<MixerOption> all = new ArrayList<>(options);
        all.addAll(List.of(more));
        return all;
    }

    private static MixerKind block(String id, String line, TitansBlock.Use use, MixerOption... own) {
        return new MixerKind(id, List.of(), line, Set.of(Pattern.CAUSAL_SELF),
                with(with(MEMORY_OPTIONS, own), new MixerOption("persistent", "4", "learned tokens that all see")),
                config -> {
                    MixerOptions options = MixerOptions.of(config);
                    NeuralMemory.Config memory = use == TitansBlock.Use.CONTEXT ? memory(config, "segment", 32, 0)
                            : memory(config, "chunk", 16, 0);
                    return new TitansBlock(new TitansBlock.Config(memory, config.heads(),
                            options.integer("segment", 32), options.integer("window", 32),
                            options.integer("persistent", 4),
                            config.layers()), use);
                }).withCost(Cost.LINEAR);
    }

    /** @param run the option that says how many tokens' gradients are taken at one memory */
    private static NeuralMemory.Config memory(MixerConfig config, String run, int standard, int taps) {
        MixerOptions options = MixerOptions.of(config);
        int width = (int) config.width();
        int hidden = options.integer("hidden", 0) == 0 ? width : options.integer("hidden", 0);
        List<Integer> dimensions = new ArrayList<>(List.of(width));
        for (int l = 1; l < options.integer("depth", 1); l++) {
            dimensions.add(hidden);
        }
        dimensions.add(width);
        int chunk = options.integer(run, standard);
        double step = options.number("step", 0) == 0 ? 2.0 / chunk : options.number("step", 0);
        return new NeuralMemory.Config(width, dimensions, chunk, taps, step, 1e-6,
                options.flag("momentum", true), options.flag("forgetting", true));
    }

    @Override
    public SystemCard card() {
        return Catalog.card("titans").withClaims(CLAIMS.toArray(Claim[]::new));
    }

    @Override
    public Map<String, GoldenModule> golden() {
        return TitansGolden.all(Form.AUTO);
    }

    @Override
    public Optional<Study> study() {
        return Optional.of(new TitansStudy());
    }

    @Override
    public List<MixerKind> mixers() {
        return List.of(MEMORY, CONTEXT, GATE, LAYER);
    }
}

package io.heed.sequence.titans;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.pytorch.Tensor;

import io.heed.catalog.GoldenCase;
import io.heed.catalog.GoldenModule;
import io.heed.catalog.GoldenSubject;
import io.heed.nn.Form;
import io.heed.sequence.GoldenConfig;
import io.heed.sequence.MixerContext;

/** Builds what Titans' golden cases check. */
final class TitansGolden {
    private static final double EPSILON = 1e-6;

    private TitansGolden() { }

    static Map<String, GoldenModule> all(Form form) {
        return Map.of("neural-memory", golden -> layer(golden, form), "mac-mag-mal", golden -> blocks(golden, form),
                "lucidrains-neural-memory", TitansGolden::chunks);
    }

    private static GoldenSubject layer(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        String activation = config.text("activation").orElse("silu");
        if (!activation.equals("silu")) {
            throw new IllegalArgumentException("activation '" + activation + "': the memory's must be silu");
        }
        MemoryLayer layer = new MemoryLayer(new NeuralMemory.Config(config.integer("width"),
                dimensions(config, "width"),
                config.integer("chunk", 1), config.integer("conv_kernel", 0), config.number("theta_max", 1),
                config.number("l2_eps", EPSILON), true, true), config.number("rms_eps", EPSILON), 1);
        return new GoldenSubject(layer, in -> {
            MemoryLayer.Result result = layer.run(in.get("x"), MixerContext.of(form));
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("out", result.out());
            for (int l = 0; l < result.memory().matrices().size(); l++) {
                outputs.put("memory." + l, result.memory().matrices().get(l));
                outputs.put("momentum." + l, result.memory().momentum().get(l));
            }
            return outputs;
        });
    }

    private static GoldenSubject blocks(GoldenCase golden, Form form) {
        GoldenConfig config = new GoldenConfig(golden.config());
        TitansBlock block = new TitansBlock(new TitansBlock.Config(new NeuralMemory.Config(config.integer("width"),
                dimensions(config, "width"), config.integer("chunk", 1), 0, config.number("theta_max", 1),
                config.number("l2_eps", EPSILON), true, true), config.integer("heads", 1), config.integer("segment"),
                config.integer("window"), config.integer("persistent", 0), 1), TitansBlock.Use.GATE);
        return new GoldenSubject(block, in -> {
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("mac", block.asPublished(in.get("x"), TitansBlock.Use.CONTEXT, MixerContext.of(form)));
            outputs.put("mag", block.asPublished(in.get("x"), TitansBlock.Use.GATE, MixerContext.of(form)));
            outputs.put("mal", block.asPublished(in.get("x"), TitansBlock.Use.LAYER, MixerContext.of(form)));
            return outputs;
        });
    }

    private static GoldenSubject chunks(GoldenCase golden) {
        GoldenConfig config = new GoldenConfig(golden.config());
        int headWidth = config.integer("dim_head", config.integer("dim"));
        GoldenConfig model = new GoldenConfig(config.json().path("default_model_kwargs"));
        List<Integer> hidden = new ArrayList<>();
        for (int l = 1; l < model.integer("depth", 2); l++) {
            hidden.add((int) (headWidth * model.number("expansion_factor", 2)));
        }
        ChunkMemory memory = new ChunkMemory(new ChunkMemory.Config(config.integer("dim"),
                config.integer("chunk_size", 1),
                config.integer("heads", 1), headWidth, hidden, config.number("default_step_transform_max_lr", 1),
                config.flag("qk_rmsnorm", false), config.flag("post_rmsnorm", false)));
        return new GoldenSubject(memory, in -> memory.forward(in.get("x")));
    }

    private static List<Integer> dimensions(GoldenConfig config, String width) {
        JsonNode dimensions = config.json().path("memory_dims");
        return dimensions.isArray() ? StreamSupport.stream(dimensions.spliterator(), false).map(JsonNode::asInt)
                .toList()
                : List.of(config.integer(width), config.integer(width));
    }
}

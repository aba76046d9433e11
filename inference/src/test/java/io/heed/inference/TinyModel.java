package io.heed.inference;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

import io.heed.tensor.Ops;
import io.heed.tensor.Safetensors;

/** Writes small random models as HuggingFace folders, with a tokenizer of bytes, so that tests need no data. */
public final class TinyModel {
    /** Ids: 0 unknown, 1 begin, 2 end, then the bytes. */
    public static final int VOCABULARY = 259;
    private static final int WIDTH = 32;
    private static final int HIDDEN = 44;

    private final String type;
    private final Map<String, Object> config = new LinkedHashMap<>();
    private final Map<String, long[]> shapes = new LinkedHashMap<>();
    private ScalarType scalar = ScalarType.Float;
    private double scale = 0.35;

    private TinyModel(String type) {
        this.type = type;
    }

    /** A model of this {@code model_type}: 3 layers, width 32, 4 heads of which 2 are cached. */
    public static TinyModel of(String type) {
        TinyModel tiny = new TinyModel(type);
        tiny.config.put("model_type", type);
        tiny.config.put("vocab_size", VOCABULARY);
        if (type.equals("gpt2")) {
            tiny.gpt2();
        } else {
            tiny.llamaLike();
        }
        tiny.config.put("bos_token_id", 1);
        tiny.config.put("eos_token_id", 2);
        return tiny;
    }

    /** The same with another entry of config.json; shapes stay. */
    public TinyModel with(String key, Object value) {
        config.put(key, value);
        return this;
    }

    /** The same with weights of another type. */
    public TinyModel as(ScalarType type) {
        scalar = type;
        return this;
    }

    /** The same without a tensor. */
    public TinyModel without(String name) {
        shapes.remove(name);
        return this;
    }

    private void llamaLike() {
        config.putAll(Map.of("hidden_size", WIDTH, "num_hidden_layers", 3, "num_attention_heads", 4,
                "num_key_value_heads", 2,
                "intermediate_size", HIDDEN, "max_position_embeddings", 512, "rms_norm_eps", 1e-5, "rope_theta",
                10000.0));
        shapes.put("model.embed_tokens.weight", new long[] {VOCABULARY, WIDTH});
        for (int i = 0; i < 3; i++) {
            String at = "model.layers." + i + ".";
            shapes.put(at + "input_layernorm.weight", new long[] {WIDTH});
            for (String name : new String[] {"q", "k", "v"}) {
                long rows = name.equals("q") ? WIDTH : WIDTH / 2;
                shapes.put(at + "self_attn." + name + "_proj.weight", new long[] {rows, WIDTH});
                if (type.equals("qwen2")) {
                    shapes.put(at + "self_attn." + name + "_proj.bias", new long[] {rows});
                }
                if (type.equals("qwen3") && !name.equals("v")) {
                    shapes.put(at + "self_attn." + name + "_norm.weight", new long[] {WIDTH / 4});
                }
            }
            shapes.put(at + "self_attn.o_proj.weight", new long[] {WIDTH, WIDTH});
            shapes.put(at + "post_attention_layernorm.weight", new long[] {WIDTH});
            shapes.put(at + "mlp.gate_proj.weight", new long[] {HIDDEN, WIDTH});
            shapes.put(at + "mlp.up_proj.weight", new long[] {HIDDEN, WIDTH});
            shapes.put(at + "mlp.down_proj.weight", new long[] {WIDTH, HIDDEN});
        }
        shapes.put("model.norm.weight", new long[] {WIDTH});
        shapes.put("lm_head.weight", new long[] {VOCABULARY, WIDTH});
    }

    private void gpt2() {
        config.putAll(Map.of("n_embd", WIDTH, "n_layer", 3, "n_head", 4, "n_positions", 128, "n_inner", HIDDEN));
        shapes.put("transformer.wte.weight", new long[] {VOCABULARY, WIDTH});
        shapes.put("transformer.wpe.weight", new long[] {128, WIDTH});
        for (int i = 0; i < 3; i++) {
            String at = "transformer.h." + i + ".";
            norm(at + "ln_1");
            stored(at + "attn.c_attn", WIDTH, 3 * WIDTH);
            stored(at + "attn.c_proj", WIDTH, WIDTH);
            norm(at + "ln_2");
            stored(at + "mlp.c_fc", WIDTH, HIDDEN);
            stored(at + "mlp.c_proj", HIDDEN, WIDTH);
            shapes.put(at + "attn.bias", new long[] {1, 1, 128, 128}); // a buffer of old files
        }
        norm("transformer.ln_f");
    }

    private void norm(String at) {
        shapes.put(at + ".weight", new long[] {WIDTH});
        shapes.put(at + ".bias", new long[] {WIDTH});
    }

    private void stored(String at, long in, long out) {
        shapes.put(at + ".weight", new long[] {in, out});
        shapes.put(at + ".bias", new long[] {out});
    }

    /** Writes the folder, all in one file. */
    public Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Safetensors.write(folder.resolve("model.safetensors"), tensors(), Map.of());
        writeRest(folder);
        return folder;
    }

    /** Writes the folder with the weights in two shards and an index. */
    public Path writeSharded(Path folder) throws IOException {
        Files.createDirectories(folder);
        Map<String, Tensor> first = new LinkedHashMap<>();
        Map<String, Tensor> second = new LinkedHashMap<>();
        StringBuilder map = new StringBuilder();
        tensors().forEach((name, tensor) -> {
            boolean early = first.size() <= second.size();
            (early ? first : second).put(name, tensor);
            map.append(map.isEmpty() ? "" : ",").append('"').append(name).append("\":\"model-0000")
                    .append(early ? 1 : 2)
                    .append("-of-00002.safetensors\"");
        });
        Safetensors.write(folder.resolve("model-00001-of-00002.safetensors"), first, Map.of());
        Safetensors.write(folder.resolve("model-00002-of-00002.safetensors"), second, Map.of());
        Files.writeString(folder.resolve("model.safetensors.index.json"), "{\"weight_map\":{" + map + "}}");
        writeRest(folder);
        return folder;
    }

    private void writeRest(Path folder) throws IOException {
        Files.writeString(folder.resolve("config.json"), new ObjectMapper()
                .writeValueAsString(config));
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer(true));
    }

    private Map<String, Tensor> tensors() {
        SplittableRandom random = new SplittableRandom(7);
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> {
            int count = 1;
            for (long size : shape) {
                count *= (int) size;
            }
            float[] values = new float[count];
            boolean norm = name.contains("norm") || name.contains("ln_");
            for (int i = 0; i < count; i++) {
                values[i] = (float) ((norm && name.endsWith("weight") ? 1 : 0) + scale * (2 * random.nextDouble() - 1));
            }
            tensors.put(name, Ops.of(values, shape).to(scalar));
        });
        return tensors;
    }

    /**
     * A byte-level vocabulary for HuggingFace tokenizers; without bytes it knows lower-case letters and the space only.
     */
    public static String tokenizer(boolean bytes) {
        StringBuilder vocabulary = new StringBuilder("\"<unk>\":0,\"<s>\":1,\"</s>\":2");
        for (int i = 0; i < 256; i++) {
            vocabulary.append(",\"<0x").append(String.format("%02X", i)).append(">\":").append(3 + i);
        }
        if (!bytes) {
            vocabulary = new StringBuilder("\"<s>\":1,\"</s>\":2");
            for (int i = 0; i < 27; i++) {
                vocabulary.append(",\"").append(i == 26 ? ' ' : (char) ('a' + i)).append("\":").append(3 + i);
            }
        }
        String model = bytes ? "\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"byte_fallback\":true"
                : "\"unk_token\":null,"
                + "\"fuse_unk\":false,\"byte_fallback\":false";
        return """
                {"version":"1.0","truncation":null,"padding":null,"added_tokens":[%s
                {"id":1,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,\
                "normalized":false,"special":true},
                {"id":2,"content":"</s>","single_word":false,"lstrip":false,"rstrip":false,\
                "normalized":false,"special":true}],
                "normalizer":null,"pre_tokenizer":null,
                "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},
                {"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},\
                {"Sequence":{"id":"B","type_id":1}}],
                "special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
                "decoder":{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Fuse"}]},
                "model":{"type":"BPE","dropout":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,%s,
                "ignore_merges":false,"vocab":{%s},"merges":[]}}
                """.formatted(bytes ? "{\"id\":0,\"content\":\"<unk>\",\"single_word\":false,\"lstrip\":false,"
                + "\"rstrip\":false,\"normalized\":false,\"special\":true}," : "", model, vocabulary);
    }
}

package io.heed.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

import io.heed.inference.model.CausalModel;

/** A Llama with random weights, in a temporary folder until it is closed. */
final class RandomLlama implements AutoCloseable {
    static final int WIDTH = 768;
    static final int HIDDEN = 2048;
    static final int VOCABULARY = 32_000;

    private final Path folder;
    private final CausalModel model;

    /** The shape of llama2.c's stories110M: 110 million parameters. */
    static RandomLlama stories110M() {
        return new RandomLlama(WIDTH, HIDDEN, 12, 12, VOCABULARY);
    }

    RandomLlama(int width, int hidden, int layers, int heads, int vocabulary) {
        try {
            folder = Files.createTempDirectory("heed-bench");
            try {
                Files.writeString(folder.resolve("config.json"), """
                        {"model_type": "llama", "vocab_size": %d, "hidden_size": %d, "intermediate_size": %d,
                         "num_hidden_layers": %d, "num_attention_heads": %5$d, "num_key_value_heads": %5$d,
                         "max_position_embeddings": 1024, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
                         "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": true}
                        """.formatted(vocabulary, width, hidden, layers, heads));
                write(folder.resolve("model.safetensors"), shapes(width, hidden, layers, vocabulary));
                model = CausalModel.open(folder);
            } catch (IOException e) {
                close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its folder, as HuggingFace lays it out, without a tokenizer. */
    Path folder() {
        return folder;
    }

    CausalModel model() {
        return model;
    }

    /** The memory of all weights that a token is multiplied by. */
    MemorySegment[] matrices() {
        return model.file().names().stream().filter(name -> model.file().shape(name).length == 2)
                .map(name -> model.file().data(name)).toArray(MemorySegment[]::new);
    }

    private static Map<String, int[]> shapes(int width, int hidden, int layers, int vocabulary) {
        Map<String, int[]> shapes = new LinkedHashMap<>();
        shapes.put("model.embed_tokens.weight", new int[] {vocabulary, width});
        for (int i = 0; i < layers; i++) {
            String at = "model.layers." + i + ".";
            shapes.put(at + "input_layernorm.weight", new int[] {width});
            for (String name : new String[] {"q", "k", "v", "o"}) {
                shapes.put(at + "self_attn." + name + "_proj.weight", new int[] {width, width});
            }
            shapes.put(at + "post_attention_layernorm.weight", new int[] {width});
            shapes.put(at + "mlp.gate_proj.weight", new int[] {hidden, width});
            shapes.put(at + "mlp.up_proj.weight", new int[] {hidden, width});
            shapes.put(at + "mlp.down_proj.weight", new int[] {width, hidden});
        }
        shapes.put("model.norm.weight", new int[] {width});
        return shapes;
    }

    private static void write(Path file, Map<String, int[]> shapes) throws IOException {
        StringBuilder header = new StringBuilder("{");
        long at = 0;
        for (Map.Entry<String, int[]> entry : shapes.entrySet()) {
            int[] shape = entry.getValue();
            long bytes = (long) Float.BYTES * shape[0] * (shape.length > 1 ? shape[1] : 1);
            header.append(at == 0 ? "" : ",").append('"').append(entry.getKey())
                    .append("\":{\"dtype\":\"F32\",\"shape\":[")
                    .append(shape[0]).append(shape.length > 1 ? "," + shape[1] : "").append("],\"data_offsets\":[")
                    .append(at)
                    .append(',').append(at + bytes).append("]}");
            at += bytes;
        }
        header.append('}');
        while (header.length() % 8 != 0) {
            header.append(' ');
        }
        byte[] json = header.toString().getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
            out.write(json);
            byte[] block = new byte[1 << 20];
            MemorySegment floats = MemorySegment.ofArray(block);
            long left = at;
            for (int[] shape : shapes.values()) {
                long bytes = (long) Float.BYTES * shape[0] * (shape.length > 1 ? shape[1] : 1);
                for (; bytes > 0; bytes -= block.length, left -= block.length) {
                    fill(floats, left, shape.length > 1 ? 0 : 1);
                    out.write(block, 0, (int) Math.min(bytes, block.length));
                }
            }
        }
    }

    /** Small uniform numbers around {@code middle}. */
    static void fill(MemorySegment data, long seed, float middle) {
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < data.byteSize() / Float.BYTES; i++) {
            data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES, middle + (random.nextInt(2001) - 1000) * 3e-5f);
        }
    }

    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package io.heed.inference.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.heed.inference.TinyModel;
import io.heed.inference.text.TextTokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class LoadingTest {
    @TempDir
    private Path folder;

    private void refused(String... parts) {
        assertThatThrownBy(() -> CausalModel.open(folder)).isInstanceOf(IOException.class).satisfies(e -> {
            assertThat(e.getMessage()).contains(parts).doesNotContain("\n");
        });
    }

    @Test
    void shardsAreOneModel() throws IOException {
        CausalModel model = CausalModel.open(TinyModel.of("qwen2").writeSharded(folder));
        assertThat(model.config().architecture()).isEqualTo(Architecture.QWEN2);
        assertThat(model.bytesPerToken()).isEqualTo(4L * (259 * 32 + 3 * (32 * 32 * 3 + 44 * 32 * 3)));
    }

    @Test
    void windowsAreThoseThatTheArchitectureMeans() throws IOException {
        assertThat(windows(TinyModel.of("mistral").with("sliding_window", 9))).containsExactly(9, 9, 9);
        assertThat(windows(TinyModel.of("mistral").with("sliding_window", null))).containsOnly(0);
        assertThat(windows(TinyModel.of("mistral"))).as("its own default").containsOnly(4096);
        assertThat(windows(TinyModel.of("llama").with("sliding_window", 9))).containsOnly(0);
        TinyModel qwen = TinyModel.of("qwen2").with("sliding_window", 9).with("max_window_layers", 0);
        assertThat(windows(qwen)).as("not used").containsOnly(0);
        assertThat(windows(qwen.with("use_sliding_window", true))).containsOnly(9);
        assertThat(windows(qwen.with("max_window_layers", 2))).containsExactly(0, 0, 9);
        assertThat(windows(qwen.with("layer_types", List.of("sliding_attention", "full_attention",
                "sliding_attention")))).containsExactly(9, 0, 9);
        assertThat(windows(TinyModel.of("qwen2").with("sliding_window", 9).with("use_sliding_window", true)))
                .as("from layer 28 on where the configuration names none").containsOnly(0);
    }

    private int[] windows(TinyModel tiny) throws IOException {
        ModelConfig config = CausalModel.open(tiny.write(folder)).config();
        return IntStream.range(0, config.layers()).map(config::window).toArray();
    }

    @Test
    void aCorruptShardIsNamed() throws IOException {
        TinyModel.of("llama").writeSharded(folder);
        Path shard = folder.resolve("model-00002-of-00002.safetensors");
        byte[] bytes = Files.readAllBytes(shard);
        Files.write(shard, Arrays.copyOf(bytes, bytes.length - 100));
        refused("model-00002-of-00002.safetensors");
        Files.write(shard, new byte[] {1, 2, 3});
        refused("model-00002-of-00002.safetensors", "truncated");
        Files.delete(shard);
        refused("model-00002-of-00002.safetensors", "no such file");
    }

    @Test
    void aMissingTensorIsNamed() throws IOException {
        TinyModel.of("llama").without("model.layers.1.self_attn.k_proj.weight").write(folder);
        refused("'model.layers.1.self_attn.k_proj.weight' is missing");
    }

    @Test
    void aTensorOfAnotherShapeIsNamed() throws IOException {
        TinyModel.of("llama").with("intermediate_size", 48).write(folder);
        refused("mlp.gate_proj.weight' is (44, 32), config.json says (48, 32)");
    }

    @Test
    void whatCannotBeRunIsNamed() throws IOException {
        TinyModel.of("llama").with("model_type", "mamba").write(folder);
        refused("architecture 'mamba' is not supported", "llama, mistral, qwen2, qwen3, gpt2");
        TinyModel.of("llama").with("rope_scaling", Map.of("type", "longrope", "factor", 2.0)).write(folder);
        refused("rope scaling 'longrope' is not supported");
        TinyModel.of("llama").with("hidden_act", "mish").write(folder);
        refused("activation 'mish'");
        TinyModel.of("llama").with("num_key_value_heads", 3).write(folder);
        refused("4 query heads are not a multiple of 3");
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"llama\"");
        refused("config.json", "not valid JSON");
        Files.delete(folder.resolve("config.json"));
        refused("config.json", "no such file");
    }

    @Test
    void aCharacterWithoutTokenIsNamed() throws IOException {
        TinyModel.of("llama").write(folder);
        try (TextTokenizer bytes = TextTokenizer.open(folder)) {
            assertThat(bytes.decode(bytes.encode("caf\u00E9 \u2603", true))).isEqualTo("caf\u00E9 \u2603");
        }
        Files.writeString(folder.resolve("tokenizer.json"), TinyModel.tokenizer(false));
        try (TextTokenizer letters = TextTokenizer.open(folder)) {
            assertThat(letters.encode("a b", true)).containsExactly(1, 3, 29, 4);
            assertThatThrownBy(() -> letters.encode("ab \u2603", true)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no token for '\u2603' (character 4");
        }
    }
}

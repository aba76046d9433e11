package io.heed.sequence;

import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

import io.heed.tensor.Ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class GoldenConfigTest {
    private static GoldenConfig config(String json) throws Exception {
        return new GoldenConfig(new ObjectMapper().readTree(json));
    }

    @Test
    void readsWhatPeopleWrite() throws Exception {
        GoldenConfig config =
                config("{'a': 'LayerNorm eps 1e-6', 'b': null, 'c': 'None', 'd': 3, 'e': false, 'f': true}"
                .replace('\'', '"'));
        assertThat(config.text("a")).contains("layernorm eps 1e-6");
        assertThat(config.epsilon("a", 1e-5)).isEqualTo(1e-6);
        assertThat(config.text("b")).isEmpty();
        assertThat(config.epsilon("b", 1e-5)).isEqualTo(1e-5);
        assertThat(config.text("c")).isEmpty();
        assertThat(config.integer("d")).isEqualTo(3);
        assertThat(config.text("e")).isEmpty();
        assertThat(config.flag("e", true)).isFalse();
        assertThat(config.text("f")).isPresent();
        assertThat(config.number("missing", 2.5)).isEqualTo(2.5);
        assertThat(config.integer("b", 7)).isEqualTo(7);
        assertThatThrownBy(() -> config.integer("missing")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'missing'");
    }

    @Test
    void aPaddingMaskIsTrueAtRealTokensUnlessItSaysOtherwise() throws Exception {
        Tensor mask = Ops.of(new boolean[] {true, false}, 1, 2);
        for (String text : List.of("input.padding_mask true = real; padding is the identity", "causal AND padding")) {
            assertThat(padded(text, mask)).as(text).containsExactly(false, true);
        }
        assertThat(padded("causal AND padding (input.padding_mask true = padded)", mask)).containsExactly(true, false);
        assertThat(config("{}").padding(Map.of())).isEmpty();
    }

    private static boolean[] padded(String text, Tensor mask) throws Exception {
        return Ops.booleans(config("{\"mask\": \"" + text + "\"}").padding(Map.of("padding_mask", mask)).orElseThrow()
                .mask());
    }
}

package io.heed.bench;

import java.util.List;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class BenchTest {
    @Test
    void everyFloorBelongsToACase() {
        List<String> cases = Bench.cases().stream().map(c -> c.bench() + " " + c.shape()).toList();

        assertThat(cases).doesNotHaveDuplicates().containsAll(Floors.names());
    }

    @Test
    void resultIsOneJsonObjectWithTheKeysOfItsSchema() throws Exception {
        BenchResult low = new BenchResult("softmax-forward", "1x8x2048x64", 2, "libtorch", 2.5, 1.25, 1.4);

        JsonNode json = new ObjectMapper().readTree(low.json());

        assertThat(json.fieldNames()).toIterable()
                .containsExactly("bench", "shape", "heed_ms", "other", "other_ms", "ratio", "floor");
        assertThat(json.get("ratio").asDouble()).isEqualTo(1.25);
        assertThat(low.json()).doesNotContain("\n");
        assertThat(low.holds()).isFalse();
        assertThat(new BenchResult("x", "y", 1, "z", 1, 1, Double.NaN).holds()).isTrue();
    }

    @Test
    void sidesThatDisagreeAreNotTimed() {
        SideBySide wrong = new SideBySide("wrong", "4", "itself", () -> {
            Tensor a = Tensors.normal(4);
            Tensor b = Tensors.normal(4);
            return new SideBySide.Sides(() -> { }, () -> { }, () -> Tensors.difference(a, b), 1e-6);
        });

        assertThatThrownBy(wrong::measure).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("outputs differ");
    }

    @Test
    void ratioIsTheOthersTimeOverOurs() {
        SideBySide pair = new SideBySide("sleep", "5 ms", "100 ms",
                () -> new SideBySide.Sides(() -> sleep(5), () -> sleep(100), () -> 0.0, 0));

        // far apart, since a busy machine lets the short side oversleep
        assertThat(pair.measure().ratio()).isBetween(2.0, 25.0);
    }

    private static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}

package io.heed.cli.compare;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class HeadlineTest {
    @Test
    void namesTheBestTheFastestAndTheSmallest() {
        assertThat(Headline.of(SampleComparison.of(4, 1, 300))).startsWith("After 300 steps on WordNet glosses, ")
                .contains("softmax is best with").contains("ahead of sigmoid-attention").contains("aaren is last")
                .contains("lightning-attention trains fastest (128,000 tokens/s, 1.9 times aaren)")
                .contains("aaren keeps 2.0 KB a sequence where softmax keeps 1.0 MB");
    }

    @Test
    void followsTheDirectionOfTheMetric() {
        ComparisonResult lower = SampleComparison.of(2, 1, 100);
        ComparisonResult higher = new ComparisonResult("mqar", "MQAR", "accuracy", "tokens", true, 100, lower.mixers(),
                Map.of(),
                Map.of(), "", 1);
        assertThat(Headline.of(higher)).contains("sigmoid-attention is best with");
    }

    @Test
    void callsNearResultsLevelWhenSeedsDifferByMore() {
        assertThat(Headline.of(result(run(1.50), run(1.70), run(1.52), run(1.71)))).contains("a and b are level at");
        assertThat(Headline.of(result(run(1.50), run(1.51), run(1.70), run(1.71)))).contains("a is best with");
    }

    private static ComparisonResult result(SeedRun... runs) {
        List<MixerResult> mixers = List.of(new MixerResult("a", 10, 5, List.of(runs[0], runs[1]), "", ""),
                new MixerResult("b", 10, 5, List.of(runs[2], runs[3]), "", ""));
        return new ComparisonResult("text", "x", "loss", "tokens", false, 5, mixers, Map.of(), Map.of(), "", 1);
    }

    private static SeedRun run(double value) {
        return new SeedRun(0, new History(List.of(), List.of()), value, value, Double.NaN, 100, 1, 1);
    }
}

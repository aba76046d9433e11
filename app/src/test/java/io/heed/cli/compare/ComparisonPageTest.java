package io.heed.cli.compare;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ComparisonPageTest {
    @Test
    void loadsNothingFromElsewhere() {
        String html = ComparisonPage.html(SampleComparison.of(4, 1, 300), "today");
        assertThat(html).doesNotContain("http://").doesNotContain("https://").doesNotContain("//cdn")
                .doesNotContainPattern("(?i)<link|@import|url\\(|src\\s*=")
                .contains("default-src 'none'");
    }

    @Test
    void holdsACurveForEachMixerOverStepsAndOverSeconds() {
        String html = ComparisonPage.html(SampleComparison.of(4, 1, 300), "today");
        assertThat(count("<figure class=\"chart\">", html)).isEqualTo(2);
        for (String axis : new String[] {"steps", "seconds"}) {
            assertThat(count("<div class=\"panel\" data-axis=\"" + axis + "\"", html)).isEqualTo(2);
        }
        Matcher paths = Pattern.compile("<path class=\"line c[0-3]\" d=\"(M[^\"]+L[^\"]+)\"").matcher(html);
        int drawn = 0;
        while (paths.find()) {
            assertThat(paths.group(1)).doesNotContain("NaN").doesNotContain("Infinity");
            drawn++;
        }
        // two charts, two axes, four mixers
        assertThat(drawn).isEqualTo(16);
        assertThat(html).contains("{\"name\":\"lightning-attention\",\"colour\":2,\"x\":[1.0000");
    }

    @Test
    void escapesWhatModelsAndMachinesSay() {
        String html = ComparisonPage.html(SampleComparison.of(2, 1, 60), "today");
        assertThat(html).contains("the &lt;b&gt;family&lt;/b&gt; &amp; &quot;friends&quot; of softmax")
                .contains("a &lt;fast&gt; one").doesNotContain("<b>family");
    }

    @Test
    void marksTheBestOfEachColumn() {
        String html = ComparisonPage.html(SampleComparison.of(4, 1, 300), "today");
        Matcher rows = Pattern.compile("<tr><th scope=\"row\">.*?</tr>", Pattern.DOTALL).matcher(html);
        assertThat(rows.find()).isTrue();
        // softmax: best metric, losses and step memory
        assertThat(count("class=\"best\"", rows.group())).isEqualTo(4);
        assertThat(rows.find()).isTrue();
        assertThat(count("class=\"best\"", rows.group())).isZero();
    }

    @Test
    void showsSpreadAndBandsForSeveralSeeds() {
        String html = ComparisonPage.html(SampleComparison.of(2, 3, 100), "today");
        assertThat(html).contains(" ± ").contains("over 3 seeds");
        assertThat(count("class=\"band c", html)).isEqualTo(8);
    }

    @Test
    void copesWithASingleStepOfASingleMixer() {
        String html = ComparisonPage.html(SampleComparison.of(1, 1, 1), "today");
        assertThat(html).contains("After 1 step on WordNet glosses, softmax reaches").doesNotContain("NaN");
    }

    private static int count(String part, String whole) {
        return whole.split(Pattern.quote(part), -1).length - 1;
    }
}

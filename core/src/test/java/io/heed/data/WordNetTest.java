package io.heed.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class WordNetTest {
    private static final TextCorpus CORPUS = WordNet.glosses();

    @Test
    void holdsEverySynsetOnceInTheOrderOfTheDatabase() {
        List<String> train = CORPUS.train().lines().toList();
        long lines = train.size() + CORPUS.validation().lines().count() + CORPUS.test().lines().count();
        assertThat(lines).isEqualTo(117_791);
        assertThat(train.getFirst()).startsWith("entity: that which is perceived or known or inferred");
        assertThat(CORPUS.train() + CORPUS.validation() + CORPUS.test())
                .contains("\nphysical entity: an entity that has physical existence\n")
                .doesNotContain("|").doesNotContain("_").doesNotContain("(p)");
    }

    @Test
    void theSplitIsTheSameOnEveryMachine() throws Exception {
        assertThat(digest(CORPUS.train())).isEqualTo("665ecb8056ff380d");
        assertThat(digest(CORPUS.validation())).isEqualTo("8a166afb928eccf8");
        assertThat(digest(CORPUS.test())).isEqualTo("644045286e022203");
    }

    @Test
    void ninetyPercentTrains() {
        double all = CORPUS.train().length() + CORPUS.validation().length() + CORPUS.test().length();
        assertThat(CORPUS.train().length() / all).isBetween(0.895, 0.905);
        assertThat(CORPUS.validation().length() / all).isBetween(0.047, 0.053);
    }

    @Test
    void noGlossIsInTwoSplits() {
        // a few glosses are the same text in different synsets; whole lines (word and gloss) are not shared
        Set<String> train = new HashSet<>(CORPUS.train().lines().toList());
        long shared = CORPUS.validation().lines().filter(train::contains).count();
        assertThat(shared).isLessThan(20);
    }

    private static String digest(String text) throws Exception {
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(hash, 0, 8);
    }
}

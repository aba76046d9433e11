package io.heed.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Dense attention against the float64 reference: outputs, log-sum-exp and every gradient. */
class AttentionTest {
    private static final double TOLERANCE = 4e-6;

    @Property(tries = 60)
    void equalsTheReference(@ForAll long seed) {
        Random random = new Random(seed);
        try (Arena arena = Arena.ofShared()) {
            int batch = 1 + random.nextInt(3);
            int kvHeads = 1 + random.nextInt(3);
            int heads = kvHeads * (1 + random.nextInt(3));
            int keys = length(random);
            int queries = random.nextInt(3) == 0 ? keys : length(random);
            int width = 1 + random.nextInt(random.nextInt(8) == 0 ? 256 : 70);
            int valueWidth = random.nextBoolean() ? width : 1 + random.nextInt(70);
            AttentionSpec spec = spec(arena, random, batch, heads, queries, keys);
            AttentionProblem problem = new AttentionProblem(arena, random, batch, heads, kvHeads, queries, keys, width,
                    valueWidth, 1, random.nextInt(4) == 0, spec);
            problem.run();
            problem.verify(TOLERANCE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 97, 191, 193})
    void equalsTheReferenceAroundTileSizes(int length) {
        Random random = new Random(length);
        for (Mask mask : new Mask[] {Mask.full(), Mask.causal(), Mask.slidingWindow(70, 3)}) {
            for (Normalizer normalizer : Normalizer.values()) {
                try (Arena arena = Arena.ofShared()) {
                    AttentionSpec spec = AttentionSpec.softmax().withNormalizer(normalizer).withMask(mask);
                    AttentionProblem problem = new AttentionProblem(arena, random, 1, 2, 1, length, length, 64, 64, 1,
                            false, spec);
                    problem.run();
                    problem.verify(TOLERANCE);
                }
            }
        }
    }

    /** Logits of up to about 1e4: weights are almost one-hot, and float32 logits themselves are only good to 1e-3. */
    @Test
    void staysFiniteWithExtremeLogits() {
        for (Normalizer normalizer : Normalizer.values()) {
            try (Arena arena = Arena.ofShared()) {
                AttentionSpec spec = AttentionSpec.softmax().withNormalizer(normalizer).withScale(1);
                AttentionProblem problem = new AttentionProblem(arena, new Random(3), 1, 2, 2, 70, 250, 16, 8, 50,
                        false, spec);
                problem.run();
                NaiveAttention naive = new NaiveAttention(problem.q, problem.k, problem.v, spec);
                float[] out = AttentionProblem.floats(problem.out);
                for (int i = 0; i < out.length; i++) {
                    assertThat(Math.abs(out[i] - naive.out[i])).as("%s out[%d]", normalizer, i).isLessThan(5e-3);
                }
                for (Rows gradient : new Rows[] {problem.dq, problem.dk, problem.dv}) {
                    for (float x : AttentionProblem.floats(gradient)) {
                        assertThat(x).isFinite();
                    }
                }
            }
        }
    }

    @Test
    void aRisingRowMaximumRescalesWhatCameBefore() {
        try (Arena arena = Arena.ofShared()) {
            // Logits grow along the keys by far more than the slack in every tile.
            AttentionSpec spec = AttentionSpec.softmax().withBias(Bias.alibi(0.5f));
            AttentionProblem problem = new AttentionProblem(arena, new Random(5), 1, 1, 1, 60, 700, 32, 32, 1, true,
                    spec);
            problem.run();
            problem.verify(2e-5);
        }
    }

    @Test
    void notANumberInAQueryReachesItsOutputAlone() {
        try (Arena arena = Arena.ofShared()) {
            AttentionProblem problem = new AttentionProblem(arena, new Random(7), 1, 1, 1, 20, 40, 8, 8, 1, false,
                    AttentionSpec.softmax());
            for (int bits : new int[] {0x7fc00000, 0xffc00000}) {
                problem.q.data().setAtIndex(ValueLayout.JAVA_FLOAT, problem.q.offset(0, 0, 4) + 3,
                        Float.intBitsToFloat(bits));
                problem.run();
                float[] out = AttentionProblem.floats(problem.out);
                for (int i = 0; i < out.length; i++) {
                    assertThat(Float.isNaN(out[i])).as("out[%d]", i).isEqualTo(i / 8 == 4);
                }
            }
        }
    }

    @Test
    void rowsAndSequencesWithoutKeysGiveZeroAndNoWeight() {
        try (Arena arena = Arena.ofShared()) {
            // Sequence 0 has no key at all; in sequence 1 the first three queries stand before the first key.
            AttentionSpec spec = AttentionSpec.softmax().withMask(new Mask.Causal(-3))
                    .withPadding(KeyPadding.lengths(0, 9));
            AttentionProblem problem = new AttentionProblem(arena, new Random(11), 2, 1, 1, 12, 9, 5, 7, 1, false,
                    spec);
            problem.run();
            float[] lse = AttentionProblem.floats(problem.lse, 24);
            float[] out = AttentionProblem.floats(problem.out);
            for (int row = 0; row < 24; row++) {
                boolean blind = row < 15;
                assertThat(lse[row] == Float.NEGATIVE_INFINITY).as("lse of row %d", row).isEqualTo(blind);
                for (int c = 0; c < 7; c++) {
                    assertThat(out[row * 7 + c] == 0f).as("out of row %d", row).isEqualTo(blind);
                }
            }
            problem.verify(TOLERANCE);
        }
    }

    @Test
    void noKeysAndNoQueriesAreFine() {
        for (Normalizer normalizer : Normalizer.values()) {
            for (int[] size : new int[][] {{0, 5}, {5, 0}, {0, 0}}) {
                try (Arena arena = Arena.ofShared()) {
                    AttentionProblem problem = new AttentionProblem(arena, new Random(13), 1, 2, 1, size[0], size[1],
                            4, 4, 1, false, AttentionSpec.softmax().withNormalizer(normalizer));
                    problem.run();
                    problem.verify(TOLERANCE);
                }
            }
        }
    }

    @Test
    void onlyWantedGradientsAreWritten() {
        try (Arena arena = Arena.ofShared()) {
            AttentionProblem problem = new AttentionProblem(arena, new Random(9), 1, 2, 1, 50, 60, 16, 16, 1, false,
                    AttentionSpec.softmax());
            problem.run();
            float[][] all = {AttentionProblem.floats(problem.dq), AttentionProblem.floats(problem.dk),
                AttentionProblem.floats(problem.dv)};
            for (int wanted = 0; wanted < 8; wanted++) {
                Rows[] into = new Rows[3];
                Rows[] like = {problem.dq, problem.dk, problem.dv};
                for (int g = 0; g < 3; g++) {
                    Rows r = like[g];
                    into[g] = (wanted >> g & 1) == 0 ? null
                            : AttentionProblem.rows(arena, r.batch(), r.heads(), r.rows(), r.width(), false, 0);
                }
                Attention.backward(problem.q, problem.k, problem.v, problem.out, problem.lse, problem.dOut,
                        AttentionGradients.of(into[0], into[1], into[2]), problem.spec);
                for (int g = 0; g < 3; g++) {
                    if (into[g] != null) {
                        assertThat(AttentionProblem.floats(into[g])).containsExactly(all[g]);
                    }
                }
            }
        }
    }

    static int length(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> 1;
            case 1 -> random.nextInt(3);
            case 2 -> 150 + random.nextInt(250);
            default -> 1 + random.nextInt(120);
        };
    }

    static AttentionSpec spec(Arena arena, Random random, int batch, int heads, int queries, int keys) {
        AttentionSpec spec = AttentionSpec.softmax()
                .withNormalizer(random.nextInt(3) == 0 ? Normalizer.SIGMOID : Normalizer.SOFTMAX)
                .withMask(mask(random, batch, heads, queries, keys))
                .withPadding(padding(arena, random, batch, keys))
                .withBias(bias(arena, random, batch, heads, queries, keys));
        if (random.nextInt(3) == 0) {
            spec = spec.withScale(random.nextFloat() * 0.4f - 0.1f);
        }
        if (random.nextInt(3) == 0) {
            spec = spec.withLogitBias(random.nextFloat() * 6 - 4);
        }
        return spec;
    }

    private static Mask mask(Random random, int batch, int heads, int queries, int keys) {
        int offset = random.nextBoolean() ? keys - queries : random.nextInt(11) - 5;
        return switch (random.nextInt(6)) {
            case 0 -> Mask.full();
            case 1 -> Mask.causal();
            case 2 -> new Mask.Causal(offset);
            case 3 -> new Mask.SlidingWindow(random.nextInt(40), random.nextInt(random.nextBoolean() ? 1 : 90), offset);
            case 4 -> placed(random, batch, queries, keys);
            default -> sparse(random, random.nextBoolean() ? 1 : heads, queries, keys, random.nextBoolean(), offset);
        };
    }

    private static Mask placed(Random random, int batch, int queries, int keys) {
        int[] positions = random.ints((long) batch * queries, -1, keys + 2).toArray();
        for (int b = 0; b < batch; b++) {
            Arrays.sort(positions, b * queries, (b + 1) * queries);
        }
        return new Mask.Placed(positions);
    }

    private static Mask sparse(Random random, int heads, int queries, int keys, boolean causal, int offset) {
        int queryBlock = 1 + random.nextInt(80);
        int keyBlock = 1 + random.nextInt(80);
        int queryBlocks = (queries + queryBlock - 1) / queryBlock;
        int keyBlocks = (keys + keyBlock - 1) / keyBlock;
        int[] offsets = new int[heads * queryBlocks + 1];
        IntStream.Builder blocks = IntStream.builder();
        int count = 0;
        for (int row = 0; row < heads * queryBlocks; row++) {
            for (int block = 0; block < keyBlocks; block++) {
                if (random.nextInt(5) < 3) {
                    blocks.add(block);
                    count++;
                }
            }
            offsets[row + 1] = count;
        }
        return new Mask.BlockSparse(queryBlock, keyBlock, queryBlocks, offsets, blocks.build().toArray(), causal,
                offset);
    }

    private static KeyPadding padding(Arena arena, Random random, int batch, int keys) {
        return switch (random.nextInt(3)) {
            case 0 -> KeyPadding.none();
            case 1 -> KeyPadding.lengths(IntStream.range(0, batch)
                    .map(b -> random.nextInt(4) == 0 ? 0 : random.nextInt(keys + 1)).toArray());
            default -> {
                MemorySegment flags = arena.allocate((long) batch * keys + 1);
                for (long at = 0; at < (long) batch * keys; at++) {
                    flags.set(ValueLayout.JAVA_BYTE, at, (byte) (random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(3)));
                }
                yield KeyPadding.flags(flags);
            }
        };
    }

    private static Bias bias(Arena arena, Random random, int batch, int heads, int queries, int keys) {
        return switch (random.nextInt(6)) {
            case 0 -> {
                float[] slopes = new float[heads];
                for (int h = 0; h < heads; h++) {
                    slopes[h] = random.nextFloat() * 0.2f;
                }
                yield new Bias.Alibi(slopes, random.nextInt(9) - 4);
            }
            case 1 -> {
                int left = random.nextInt(60);
                int right = random.nextInt(60);
                MemorySegment table = arena.allocate(4L * heads * (left + 1 + right));
                for (int e = 0; e < heads * (left + 1 + right); e++) {
                    table.setAtIndex(ValueLayout.JAVA_FLOAT, e, (float) random.nextGaussian());
                }
                yield new Bias.RelativeTable(table, left, right, random.nextInt(9) - 4);
            }
            case 2 -> Bias.dense(AttentionProblem.random(arena, random, random.nextBoolean() ? 1 : batch,
                    random.nextBoolean() ? 1 : heads, queries, keys, false, 1));
            default -> Bias.none();
        };
    }
}

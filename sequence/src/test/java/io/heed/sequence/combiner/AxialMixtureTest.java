package io.heed.sequence.combiner;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

import io.heed.sequence.MixerConfig;
import io.heed.sequence.MixerState;
import io.heed.sequence.SequenceMixer;
import io.heed.tensor.Ops;
import io.heed.tensor.Seeds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** The mixture that looks both ways against one token at a time in plain Java, and what decoding keeps. */
class AxialMixtureTest {
    private static final int ROWS = 3;
    private static final int SEGMENT = 4;
    private static final int WIDTH = 5;

    @Test
    void theBidirectionalMixtureIsWhatOneTokenAtATimeGives() {
        try (PointerScope _ = new PointerScope()) {
            Seeds.seedTorch(2, "input", 0);
            Tensor q = torch.randn(1, 1, ROWS * SEGMENT, WIDTH);
            Tensor k = torch.randn(1, 1, ROWS * SEGMENT, WIDTH);
            Tensor v = torch.randn(1, 1, ROWS * SEGMENT, WIDTH);
            double[] out = Ops.doubles(AxialMixture.bidirectional(Grid.of(SEGMENT, q, k, v, null), Running.SUM));
            double[][][] queries = rows(q);
            double[][][] keys = rows(k);
            double[][][] values = rows(v);
            for (int u = 0; u < ROWS; u++) {
                for (int s = 0; s < SEGMENT; s++) {
                    double[] expected = token(u, s, queries, keys, values);
                    for (int c = 0; c < WIDTH; c++) {
                        assertThat(out[(u * SEGMENT + s) * WIDTH + c]).as("row %d, column %d, channel %d", u, s, c)
                                .isCloseTo(expected[c], within(1e-4));
                    }
                }
            }
        }
    }

    private static double[] token(int u, int s, double[][][] q, double[][][] k, double[][][] v) {
        List<double[]> seen = new ArrayList<>();
        List<double[]> taken = new ArrayList<>();
        for (int t = 0; t < SEGMENT; t++) {
            seen.add(k[u][t]);
            taken.add(v[u][t]);
            double[][][] columns = {column(q, t), column(k, t), column(v, t)};
            stretch(columns, 0, u, seen, taken);
            stretch(columns, u + 1, ROWS, seen, taken);
        }
        for (int r = 0; r < ROWS; r++) {
            seen.add(k[r][s]);
            taken.add(v[r][s]);
            stretch(new double[][][] {q[r], k[r], v[r]}, 0, s, seen, taken);
            stretch(new double[][][] {q[r], k[r], v[r]}, s + 1, SEGMENT, seen, taken);
        }
        return attended(q[u][s], seen, taken);
    }

    /** The group of places from to end of a line (queries, keys, values): sums, or 0 and the mean of the whole line. */
    private static void stretch(double[][][] line, int from, int end, List<double[]> seen, List<double[]> taken) {
        double[] query = new double[WIDTH];
        double[] key = new double[WIDTH];
        for (int at = from; at < end; at++) {
            for (int c = 0; c < WIDTH; c++) {
                query[c] += line[0][at][c];
                key[c] += line[1][at][c];
            }
        }
        boolean empty = from >= end;
        seen.add(key);
        taken.add(empty ? attended(query, List.of(line[1]), List.of(line[2]))
                : attended(query, List.of(line[1]).subList(from, end), List.of(line[2]).subList(from, end)));
    }

    private static double[] attended(double[] query, List<double[]> keys, List<double[]> values) {
        double[] out = new double[WIDTH];
        double sum = 0;
        for (int i = 0; i < keys.size(); i++) {
            double product = 0;
            for (int c = 0; c < WIDTH; c++) {
                product += query[c] * keys.get(i)[c];
            }
            double weight = Math.exp(product);
            sum += weight;
            for (int c = 0; c < WIDTH; c++) {
                out[c] += weight * values.get(i)[c];
            }
        }
        for (int c = 0; c < WIDTH; c++) {
            out[c] /= sum;
        }
        return out;
    }

    private static double[][] column(double[][][] rows, int s) {
        double[][] column = new double[ROWS][];
        for (int u = 0; u < ROWS; u++) {
            column[u] = rows[u][s];
        }
        return column;
    }

    private static double[][][] rows(Tensor x) {
        double[] flat = Ops.doubles(x);
        double[][][] rows = new double[ROWS][SEGMENT][WIDTH];
        for (int i = 0; i < flat.length; i++) {
            rows[i / WIDTH / SEGMENT][i / WIDTH % SEGMENT][i % WIDTH] = flat[i];
        }
        return rows;
    }

    @Test
    void theFixedLayoutDecodesFromASegmentAndItsGroups() {
        try (PointerScope _ = new PointerScope()) {
            SequenceMixer mixer = CombinerSystem.MIXER.build(MixerConfig.of(16, 2).withLength(64));
            try (MixerState state = mixer.state(1)) {
                for (int t = 0; t < 64 * 3 + 5; t++) { // segments of 8
                    mixer.step(torch.randn(1, 16), state);
                }
                // queries, keys and values of 5 tokens, keys and values of 24 groups, of 16 channels each
                assertThat(state.bytes()).isEqualTo((3 * 5 + 2 * 24) * 16 * 4);
            }
        }
    }
}

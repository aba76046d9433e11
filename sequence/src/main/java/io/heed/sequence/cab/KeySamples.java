package io.heed.sequence.cab;

import java.util.Arrays;
import java.util.Optional;

import io.heed.data.CounterRandom;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * Which keys each query of a sequence is compared with to see whether it stands out: as many at random as f ceil(ln L),
 * with repetition, of the L real ones. Queries are counted by real tokens, so that padding does not change what is
 * drawn.
 *
 * @param index   (P, N, S) key indices, -1 beyond a sequence's own number; P = 1 without padding, else B
 * @param lengths L of each of the P
 * @param chosen  how many queries of each attend, f ceil(ln L), at most L
 */
record KeySamples(int[] index, int[] lengths, int[] chosen) {
    /**
     * @param length N
     * @param factor f
     * @param key    of the random stream
     */
    static KeySamples draw(int length, int factor, Optional<Padding> padding, long key) {
        boolean[] padded = padding.map(p -> Ops.booleans(p.mask())).orElseGet(() -> new boolean[length]);
        int patterns = padded.length / length;
        int[] lengths = new int[patterns];
        int[] chosen = new int[patterns];
        for (int p = 0; p < patterns; p++) {
            for (int i = 0; i < length; i++) {
                lengths[p] += padded[p * length + i] ? 0 : 1;
            }
            chosen[p] = count(lengths[p], factor);
        }
        int most = Arrays.stream(chosen).max().orElse(0);
        int[] index = new int[patterns * length * most];
        Arrays.fill(index, -1);
        for (int p = 0; p < patterns; p++) {
            fill(index, p * length * most, most, Arrays.copyOfRange(padded, p * length, (p + 1) * length), lengths[p],
                    chosen[p], key);
        }
        return new KeySamples(index, lengths, chosen);
    }

    private static void fill(int[] index, int at, int most, boolean[] padded, int real, int count, long key) {
        int[] positions = new int[real];
        for (int i = 0, rank = 0; i < padded.length; i++) {
            if (!padded[i]) {
                positions[rank++] = i;
            }
        }
        CounterRandom random = new CounterRandom(key);
        for (int position : positions) {
            for (int s = 0; s < count; s++) {
                index[at + position * most + s] = positions[random.nextInt(real)];
            }
        }
    }

    /** f ceil(ln L), at most L. */
    static int count(int length, int factor) {
        return length < 1 ? 0 : Math.min(length, factor * (int) Math.ceil(Math.log(length)));
    }

    /** S. */
    int most() {
        return Arrays.stream(chosen).max().orElse(0);
    }
}

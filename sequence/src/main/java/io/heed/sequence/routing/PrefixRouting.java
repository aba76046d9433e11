package io.heed.sequence.routing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bytedeco.pytorch.Tensor;

import io.heed.kernels.KeyLists;
import io.heed.nn.Form;
import io.heed.nn.GatheredAttention;
import io.heed.nn.Padding;
import io.heed.tensor.Ops;

/**
 * The strict form of routing: token t joins a centroid's group when it is among the w nearest of the tokens up to t,
 * and attends to those. A token enters with a probability of about w / t, so all groups together have C w (1 + ln(N /
 * w)) entries.
 */
final class PrefixRouting {
    private PrefixRouting() { }

    /**
     * One call.
     *
     * @param items    on the sphere, queries and keys, (B, H, N, d)
     * @param v        (B, H, N, d)
     * @param nearness (B, H, C, N), how near each item is to each centroid
     * @param window   w
     * @return (B, H, N, d)
     */
    static Tensor apply(Tensor items, Tensor v, Tensor nearness, int window, Padding padding, Form form) {
        int length = Math.toIntExact(items.size(2));
        int heads = Math.toIntExact(items.size(0) * items.size(1));
        int centroids = Math.toIntExact(nearness.size(2));
        float[] scores = Ops.floats(nearness);
        boolean[] padded = padding == null ? null : Ops.booleans(padding.mask());
        List<List<int[]>> lists = new ArrayList<>();
        List<List<Integer>> queries = new ArrayList<>();
        int most = 1;
        for (int head = 0; head < heads; head++) {
            lists.add(new ArrayList<>());
            queries.add(new ArrayList<>());
            for (int c = 0; c < centroids; c++) {
                join(scores, (head * centroids + c) * length, length, window, padded,
                        head / (int) items.size(1) * length, queries.get(head), lists.get(head));
            }
            most = Math.max(most, queries.get(head).size());
        }
        // heads with fewer entries are filled up with entries that see nothing
        long[] index = new long[heads * most];
        float[] chosen = new float[heads * most];
        int[] offsets = new int[heads * most + 1];
        int count = 0;
        for (int row = 0; row < heads * most; row++) {
            List<int[]> of = lists.get(row / most);
            if (row % most < of.size()) {
                index[row] = queries.get(row / most).get(row % most);
                chosen[row] = 1;
                count += of.get(row % most).length;
            }
            offsets[row + 1] = count;
        }
        int[] keys = new int[count];
        for (int row = 0; row < heads * most; row++) {
            if (offsets[row] < offsets[row + 1]) {
                int[] list = lists.get(row / most).get(row % most);
                System.arraycopy(list, 0, keys, offsets[row], list.length);
            }
        }
        Tensor at = Ops.of(index, items.size(0), items.size(1), most);
        Tensor groups = GatheredAttention.apply(RoutedAttention.rows(items, at), items, v,
                KeyLists.of(1, offsets, keys), 1, form);
        return RoutedAttention.scattered(groups, at,
                Ops.of(chosen, items.size(0), items.size(1), most).to(Ops.type(items)), length);
    }

    /** Who joins one centroid's group, in order, and the group as it then is. */
    private static void join(float[] scores, int at, int length, int window, boolean[] padded, int paddedAt,
                             List<Integer> queries, List<int[]> lists) {
        int[] group = new int[window]; // ascending positions
        int size = 0;
        for (int t = 0; t < length; t++) {
            if (padded != null && padded[paddedAt + t]) {
                continue;
            }
            if (size == window) {
                int worst = 0;
                for (int i = 1; i < size; i++) {
                    worst = scores[at + group[i]] < scores[at + group[worst]] ? i : worst;
                }
                if (scores[at + t] <= scores[at + group[worst]]) {
                    continue;
                }
                System.arraycopy(group, worst + 1, group, worst, size - worst - 1);
                size--;
            }
            group[size++] = t;
            queries.add(t);
            lists.add(Arrays.copyOf(group, size));
        }
    }
}

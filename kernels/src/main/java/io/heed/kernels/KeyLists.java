package io.heed.kernels;

/**
 * Which keys each block of queries attends to, as lists of key indices: a cluster's members, chosen blocks, a segment
 * with the summaries before it. Query block a holds the queries [a * queryBlock, (a + 1) * queryBlock). The lists are
 * rows of a compressed sparse matrix, one list a block: for all heads of all sequences, for each head, or for each head
 * of each sequence, in that order.
 * A list may name keys in any order, and a key twice, which then counts twice.
 *
 * <p>The arrays are not copied: they must not change while in use.
 *
 * @param queryBlock queries in a block
 * @param offsets    starts of the lists and the end of the last: patterns * ceil(Nq / queryBlock) + 1
 * @param keys       key indices, list after list
 * @param seen       how many keys of its list each query sees, from the front, (patterns, Nq); null where all: a list
 *                   in ascending
 *                   order with the numbers of keys up to each query is causal
 */
public record KeyLists(int queryBlock, int[] offsets, int[] keys, int[] seen) {
    /**
     * @throws IllegalArgumentException when the block is empty or the offsets do not rise from 0 to the number of keys
     */
    public KeyLists {
        if (queryBlock < 1) {
            throw new IllegalArgumentException("key lists: a block must hold at least 1 query, got " + queryBlock);
        }
        if (offsets.length < 1 || offsets[0] != 0 || offsets[offsets.length - 1] != keys.length) {
            throw new IllegalArgumentException("key lists: offsets must run from 0 to " + keys.length);
        }
        for (int row = 0; row + 1 < offsets.length; row++) {
            if (offsets[row] > offsets[row + 1]) {
                throw new IllegalArgumentException("key lists: offsets must not fall, list " + row + " has "
                        + offsets[row]
                        + " to " + offsets[row + 1]);
            }
        }
    }

    /** Lists of which every query of the block sees all. */
    public static KeyLists of(int queryBlock, int[] offsets, int[] keys) {
        return new KeyLists(queryBlock, offsets, keys, null);
    }

    /** The same for groups of equal size: query block a has the {@code length} keys from a * length. */
    public static KeyLists equal(int queryBlock, int length, int[] keys) {
        if (length < 1 || keys.length % length != 0) {
            throw new IllegalArgumentException("key lists: " + keys.length + " keys are not lists of " + length);
        }
        int[] offsets = new int[keys.length / length + 1];
        for (int row = 0; row < offsets.length; row++) {
            offsets[row] = row * length;
        }
        return of(queryBlock, offsets, keys);
    }

    /** The same, with how many keys of its list each query sees. */
    public KeyLists withSeen(int[] seen) {
        return new KeyLists(queryBlock, offsets, keys, seen);
    }

    /** Blocks of {@code queries} queries. */
    public int blocks(int queries) {
        return (queries + queryBlock - 1) / queryBlock;
    }

    /** Patterns: 1, H or B H. */
    public int patterns(int queries) {
        return (offsets.length - 1) / Math.max(1, blocks(queries));
    }

    /** Which pattern head {@code head} of {@code heads} of sequence {@code b} has. */
    int pattern(int patterns, int b, int heads, int head) {
        return patterns == 1 ? 0 : patterns == heads ? head : b * heads + head;
    }

    /** Checks the lists against the sizes of a call. */
    void check(int batch, int heads, int queries, int keyCount) {
        int blocks = blocks(queries);
        int patterns = patterns(queries);
        if (offsets.length - 1 != patterns * blocks || patterns != 1 && patterns != heads
                && patterns != batch * heads) {
            throw new IllegalArgumentException("key lists: " + (offsets.length - 1) + " lists for " + blocks
                    + " blocks of queries, must be as many, or times " + heads + " heads, or times " + batch * heads
                    + " heads of all sequences");
        }
        for (int key : keys) {
            if (key < 0 || key >= keyCount) {
                throw new IllegalArgumentException("key lists: key " + key + " is not among " + keyCount);
            }
        }
        if (seen == null) {
            return;
        }
        if (seen.length != patterns * queries) {
            throw new IllegalArgumentException("key lists: seen has " + seen.length + " numbers, must be "
                    + patterns * queries);
        }
        for (int i = 0; i < seen.length; i++) {
            int row = i / queries * blocks + i % queries / queryBlock;
            if (seen[i] < 0 || seen[i] > offsets[row + 1] - offsets[row]) {
                throw new IllegalArgumentException("key lists: query " + i % queries + " sees " + seen[i]
                        + " of a list of "
                        + (offsets[row + 1] - offsets[row]));
            }
        }
    }
}

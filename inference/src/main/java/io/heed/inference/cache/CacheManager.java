package io.heed.inference.cache;

import java.util.Arrays;
import java.util.Optional;

/**
 * Admits sequences to a {@link PagePool}: a sequence gets in when the pages of its whole possible length are there or
 * can be made free, so that none runs out of memory later. Pages are taken as its positions fill, and equal prompt
 * beginnings share theirs.
 */
public final class CacheManager {
    private final PagePool pool;
    private final PrefixIndex index;

    public CacheManager(PagePool pool) {
        this.pool = pool;
        this.index = new PrefixIndex(pool);
    }

    /** The pool. */
    public PagePool pool() {
        return pool;
    }

    /** Whether a sequence of this length could ever get in. */
    public boolean fits(int length) {
        return PagePool.pages(length) <= pool.capacity();
    }

    /**
     * Admits a sequence.
     *
     * @param prompt its first tokens
     * @param length the longest it may grow
     * @param share  whether it may begin with pages of other sequences
     * @return nothing while there is no room; its length is what it shares
     */
    public Optional<SequenceCache> admit(int[] prompt, int length, boolean share) {
        int[] shared = share ? index.match(prompt) : new int[0];
        int needed = PagePool.pages(length) - shared.length;
        int missing = needed - pool.available();
        if (missing > 0) {
            // pages about to be shared must not be given up
            for (int page : shared) {
                pool.hold(page);
            }
            try {
                if (index.idle() < missing) {
                    return Optional.empty();
                }
                index.giveUp(missing);
            } finally {
                for (int page : shared) {
                    pool.release(page);
                }
            }
        }
        pool.promise(needed);
        return Optional.of(new SequenceCache(pool, needed, shared));
    }

    /**
     * Whether a prompt can share more pages with {@code other}, once that is computed, than it can share now.
     */
    public boolean sharesMoreWith(int[] other, int[] prompt) {
        int common = Arrays.mismatch(other, prompt);
        int tokens = Math.min(common < 0 ? prompt.length : common, prompt.length - 1);
        return tokens / PagePool.PAGE_ROWS > index.match(prompt).length;
    }

    /** Lets later sequences share the full pages of a prompt that was computed whole. */
    public void remember(int[] prompt, SequenceCache cache) {
        index.add(prompt, cache);
    }
}

package io.heed.sequence.landmark;

import java.util.ArrayList;
import java.util.List;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.tensor.Ops;

/**
 * Reads a text of any length chunk by chunk. Landmarks are put in after every f tokens, counted across chunks, and
 * left out of what comes back.
 */
public final class LandmarkReader implements AutoCloseable {
    private final LandmarkModel model;
    private final List<LandmarkCache> caches = new ArrayList<>();
    private long read;

    /** @throws IllegalArgumentException when the cache's blocks are not the model's */
    public LandmarkReader(LandmarkModel model, LandmarkCache.Config cache) {
        if (cache.block() != model.config().block()) {
            throw new IllegalArgumentException("a cache of blocks of " + cache.block()
                    + " tokens for a model with blocks of "
                    + model.config().block());
        }
        this.model = model;
        for (int l = 0; l < model.config().layers(); l++) {
            caches.add(new LandmarkCache(cache));
        }
    }

    /** What each layer keeps. */
    public List<LandmarkCache> caches() {
        return List.copyOf(caches);
    }

    /** The next ordinary tokens, ids (B, n), to logits (B, n, V); without a gradient graph. */
    public Tensor read(Tensor tokens) {
        long[] given = Ops.longs(tokens);
        int batch = (int) tokens.size(0);
        int n = (int) tokens.size(1);
        int every = model.config().tokens();
        List<Long> ordinary = new ArrayList<>();
        int length = n + (int) ((read + n) / every - read / every);
        long[] ids = new long[batch * length];
        for (int t = 0, at = 0; t < n; t++) {
            ordinary.add((long) at);
            for (int b = 0; b < batch; b++) {
                ids[b * length + at] = given[b * n + t];
            }
            at++;
            if ((read + t + 1) % every == 0) {
                for (int b = 0; b < batch; b++) {
                    ids[b * length + at] = model.landmark();
                }
                at++;
            }
        }
        read += n;
        try (NoGradGuard _ = new NoGradGuard()) {
            Tensor logits = model.read(Ops.of(ids, batch, length).to(tokens.device(), tokens.scalar_type()), caches);
            return logits.index_select(1,
                    Ops.of(ordinary.stream().mapToLong(Long::longValue).toArray()).to(tokens.device(),
                    tokens.scalar_type()));
        }
    }

    @Override
    public void close() {
        caches.forEach(LandmarkCache::close);
    }
}

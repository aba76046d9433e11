package io.heed.insight;

import java.util.LinkedHashMap;
import java.util.Map;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

import io.heed.nn.AttentionCall;
import io.heed.nn.AttentionObserver;

/**
 * Gathers {@link AttentionStatistics} and norms of the residual stream while a model computes. Each layer's weights are
 * made and summed up in blocks of rows; what is kept grows with N, not with N x N.
 */
public final class StatisticsObserver implements AttentionObserver {
    /** Most bins of a thumbnail's side. */
    public static final int THUMBNAIL = 48;

    private static final long BLOCK_WEIGHTS = 1 << 21;

    private final boolean causal;
    private final long blockRows;
    private final Map<Integer, AttentionStatistics> layers = new LinkedHashMap<>();
    private final Map<Integer, float[]> hiddenNorms = new LinkedHashMap<>();

    /** @param causal whether no query sees later keys */
    public StatisticsObserver(boolean causal) {
        this(causal, 0);
    }

    /** @param blockRows rows of weights made at a time; 0 for as many as fill {@value #BLOCK_WEIGHTS} weights */
    StatisticsObserver(boolean causal, long blockRows) {
        this.causal = causal;
        this.blockRows = blockRows;
    }

    /** By layer; layers without an attention matrix are missing. */
    public Map<Integer, AttentionStatistics> layers() {
        return layers;
    }

    /** Mean L2 norm of the residual stream by position, as it enters each layer, and as it leaves the last. */
    public Map<Integer, float[]> hiddenNorms() {
        return hiddenNorms;
    }

    @Override
    public Tensor hidden(int layer, Tensor hidden) {
        try (PointerScope _ = new PointerScope(); NoGradGuard _ = new NoGradGuard()) {
            hiddenNorms.put(layer, Reductions.meanNorms(hidden.unsqueeze(1))[0]);
        }
        return hidden;
    }

    @Override
    public Tensor heads(int layer, AttentionCall call, Tensor outputs) {
        try (NoGradGuard _ = new NoGradGuard()) {
            layers.put(layer, gather(call));
        }
        return outputs;
    }

    /** The statistics of one call of an attention. */
    public AttentionStatistics gather(AttentionCall call) {
        long queries = call.queries().size(2);
        long perRow = call.queries().size(0) * call.queries().size(1) * call.keys().size(2);
        long step = blockRows > 0 ? blockRows : Math.max(1, Math.min(queries, BLOCK_WEIGHTS / perRow));
        RowSums sums = new RowSums(call, causal);
        for (long from = 0; from < queries; from += step) {
            try (PointerScope _ = new PointerScope()) {
                long count = Math.min(step, queries - from);
                sums.add(from, call.weights(from, count).detach());
            }
        }
        try (PointerScope _ = new PointerScope()) {
            return sums.statistics(KeyAngles.of(call, causal));
        }
    }
}

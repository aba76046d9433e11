package io.heed.graph.data;

import io.heed.data.Split;

/** Which nodes are for training, validation and test. A node may be in none. */
public record NodeSplit(int[] train, int[] validation, int[] test) {
    /** The nodes of one part. */
    public int[] of(Split split) {
        return switch (split) {
            case TRAIN -> train;
            case VALIDATION -> validation;
            case TEST -> test;
        };
    }
}

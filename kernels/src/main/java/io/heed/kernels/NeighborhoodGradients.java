package io.heed.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Where the backward pass of a neighborhood attention writes; null for what is not wanted.
 *
 * @param query dq, like q
 * @param key   dk, like k
 * @param value dv, like v
 * @param table gradient of the relative table, (H, 2 K - 1, ...) contiguous
 */
public record NeighborhoodGradients(Rows query, Rows key, Rows value, MemorySegment table) { }

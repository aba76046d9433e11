/**
 * Side-by-side timing: each of Heed's kernels against libtorch (or a stated limit of the machine) in one process, on
 * the same tensors and threads, interleaved, with outputs compared before anything is timed. {@code heed bench} prints
 * the results; {@link io.heed.bench.Floors} is the one table of ratios that must be reached.
 */
package io.heed.bench;

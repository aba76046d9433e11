package io.heed.kernels;

import java.lang.ref.SoftReference;

/**
 * One reusable {@code float[]} a thread, for one purpose: a kernel keeps a static instance for each of its buffers, so
 * that hot paths allocate nothing and two buffers never share memory. Contents are whatever the last use left. An
 * array that nobody uses may be reclaimed when memory runs short.
 */
final class Scratch {
    private final ThreadLocal<SoftReference<float[]>> held = new ThreadLocal<>();

    /** This thread's array, of at least {@code length} floats. */
    float[] atLeast(int length) {
        SoftReference<float[]> reference = held.get();
        float[] array = reference == null ? null : reference.get();
        if (array == null || array.length < length) {
            array = new float[length];
            held.set(new SoftReference<>(array));
        }
        return array;
    }

    /**
     * As {@link #atLeast(int)}, for a length that shapes multiply up to.
     *
     * @throws IllegalArgumentException when one array cannot hold it, naming {@code what}
     */
    float[] atLeast(long length, String what) {
        if (length > Integer.MAX_VALUE - 64) {
            throw new IllegalArgumentException(what + ": " + length + " floats are more than one array holds");
        }
        return atLeast((int) length);
    }
}
